import Crypto
import Foundation

/// What a signed token says (RFC 7519). Times are whole seconds since 1970.
struct TokenClaims: Codable, Hashable, Sendable {
  var iss: String
  var sub: String
  var subtype: String
  var scope: [String]
  var iat: Int64
  var exp: Int64?
  var jti: String
  var aud: [String]?
}

/// Signs tokens and checks the tokens that it signed. Stateless but for its keys.
struct TokenSigner: Sendable {
  enum Failure: Error {
    case invalid
    case expired
  }

  /// The first key signs, all of them verify.
  let keys: [SigningKey]
  private let current: SigningKey

  /// The longest token that is looked at, in bytes; one with every scope there is has about 17,000.
  static let maximumLength = 32 << 10

  init(current: SigningKey, older: [SigningKey]) {
    self.current = current
    keys = [current] + older
  }

  private struct Header: Codable {
    var alg: String
    var kid: String?
    var typ: String?
    var crit: [String]?
  }

  func sign(_ claims: TokenClaims) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let header = Base64URL.encode(try encoder.encode(Header(alg: "EdDSA", kid: current.id, typ: "JWT")))
    let signed = "\(header).\(Base64URL.encode(try encoder.encode(claims)))"
    return "\(signed).\(Base64URL.encode(try current.privateKey.signature(for: Data(signed.utf8))))"
  }

  func verify(_ token: String, now: Date) throws(Failure) -> TokenClaims {
    guard token.utf8.count <= Self.maximumLength else { throw .invalid }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2]),
      let header = try? JSONDecoder().decode(Header.self, from: head),
      header.alg == "EdDSA", header.crit == nil,
      let key = keys.first(where: { $0.id == header.kid }),
      key.privateKey.publicKey.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)),
      let claims = try? JSONDecoder().decode(TokenClaims.self, from: body), claims.subtype == "apiToken"
    else { throw .invalid }
    if let exp = claims.exp, now.timeIntervalSince1970 >= Double(exp) { throw .expired }
    return claims
  }
}
