import Foundation
import GRDB
import HTTPTypes

/// Finds out whose token a request carries.
struct Authenticator: Sendable {
  let store: TokenStore
  let signer: TokenSigner
  let now: @Sendable () -> Date

  /// The stored description of the request's token, which is active, not expired and of the right domain.
  ///
  /// The rule of domains: with the field `losantdomain`, the token must be one of that domain; without it, the token's
  /// own issuer names the domain. An empty field counts as absent; letter case makes no difference.
  func caller(_ credential: Credential, losantdomain: String?) async throws -> TokenRecord {
    let text: String
    switch credential {
    case .none: throw ServiceFailure.forbidden
    case .malformed: throw ServiceFailure.unauthorized()
    case .token(let token): text = token
    }
    let time = now()
    let claims = try await verified(text, time)
    guard let record = try await store.writer.read({ try TokenStore.token(id: claims.jti, in: $0) }),
      record.user == claims.sub, record.domain == claims.iss, record.status == "active",
      isRight(losantdomain, record.domain)
    else { throw ServiceFailure.unauthorized() }
    return record
  }

  private func verified(_ token: String, _ time: Date) async throws(ServiceFailure) -> TokenClaims {
    do {
      return try await signer.verify(token, now: time)
    } catch {
      switch error {
      case .expired: throw .unauthorized("Access token has expired")
      case .invalid: throw .unauthorized()
      }
    }
  }

  private func isRight(_ named: String?, _ domain: String) -> Bool {
    guard let named = named?.lowercased(), !named.isEmpty else { return true }
    return named == domain
  }
}
