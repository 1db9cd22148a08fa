import JWTKit

/// What a signed token says (RFC 7519). Times are whole seconds since 1970.
struct TokenClaims: JWTPayload, Hashable {
  static let subtype = "apiToken"

  var iss: String
  var sub: String
  var subtype = Self.subtype
  var scope: [String]
  var iat: Int64
  var exp: Int64?
  var jti: String
  var aud: [String]?

  /// Called once the signature is right. The expiry is ``TokenSigner``'s to judge: here is no clock but the system's.
  func verify(using algorithm: some JWTAlgorithm) async throws {
    guard subtype == Self.subtype else {
      throw JWTError.generic(identifier: "subtype", reason: "the token is no \(Self.subtype)")
    }
  }
}

extension TokenClaims {
  init(_ record: TokenRecord, audience: [String]) {
    self.init(
      iss: record.domain, sub: record.user, scope: record.scope, iat: record.created / 1000,
      exp: record.expires.map { $0 / 1000 }, jti: record.id, aud: audience.isEmpty ? nil : audience)
  }
}
