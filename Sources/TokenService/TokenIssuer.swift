import Foundation
import GRDB
import UserApiTokens

/// Makes new tokens.
struct TokenIssuer: Sendable {
  let store: TokenStore
  let signer: TokenSigner
  let audience: [String]
  let now: @Sendable () -> Date

  /// A new token, which is in the database when this returns.
  ///
  /// It is signed first and stored then: a token that cannot be signed is not stored, and no signing holds up the
  /// database. If storing fails, nobody gets to see the token, and no check finds its id.
  func issue(_ draft: TokenDraft, owner: Owner, creator: Creator) async throws -> IssuedToken {
    let time = WireDate.milliseconds(now())
    let record = TokenRecord(draft, id: ObjectID.make(now: time), owner: owner, creator: creator, now: time)
    let secret = try await signer.sign(TokenClaims(record, audience: audience))
    try await store.writer.write { try store.insert(record, in: $0) }
    return IssuedToken(record: record.model, secret: SecretToken(secret))
  }
}
