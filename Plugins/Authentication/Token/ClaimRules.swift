import Crypto
import GatewayKit

/// What the settings ask of claims (RFC 7519 section 4.1).
struct ClaimRules: Sendable {
  let issuers: [String]
  let audiences: [String]
  let leeway: Int64
  let requiresExpiry: Bool
  let scopeClaim: String
  let domainClaim: String?

  init(_ settings: AuthenticationSettings) {
    issuers = settings.issuers
    audiences = settings.audiences
    leeway = settings.leeway.nanoseconds
    requiresExpiry = settings.requiresExpiry
    scopeClaim = settings.scopeClaim
    domainClaim = settings.domainClaim
  }

  /// The facts of a token that a key vouches for, or when there is none an endpoint. What depends on time or domain is left to
  /// ``VerifiedToken/failure(at:leeway:domain:)``, which is asked at every use.
  func facts(
    of claims: JSONObject, signed: UnsafeRawBufferPointer, key: VerificationKey?
  ) throws(TokenFailure) -> VerifiedToken {
    let issuer = try text("iss", claims)
    try judgeIssuer(issuer, key)
    let audience = try texts("aud", claims)
    guard audiences.isEmpty || audience.contains(where: { name in audiences.contains { $0.hasSameBytes(as: name) } })
    else { throw .audienceWrong }
    let expiry = try date("exp", claims)
    guard expiry != nil || !requiresExpiry else { throw .expiryMissing }
    _ = try date("iat", claims)
    let notBefore = try date("nbf", claims)
    let scopes = try TokenScopes.read(claims.value(at: scopeClaim))
    let identity = Identity(
      fingerprint: Fingerprint(digest: SHA256.hash(data: signed)), subject: try text("sub", claims) ?? "",
      kind: try text("subtype", claims) ?? "", issuer: issuer ?? "", tokenID: try text("jti", claims) ?? "",
      scopes: scopes, scopesFingerprint: TokenScopes.fingerprint(scopes), expiry: expiry ?? .max)
    return VerifiedToken(
      identity: identity, notBefore: notBefore ?? .min, domains: try domains(claims), key: key)
  }

  private func judgeIssuer(_ issuer: String?, _ key: VerificationKey?) throws(TokenFailure) {
    if issuers.isEmpty && key?.issuer == nil { return }
    guard let issuer else { throw .issuerUnknown }
    if let only = key?.issuer, !only.hasSameBytes(as: issuer) { throw .issuerUnknown }
    guard issuers.isEmpty || issuers.contains(where: { $0.hasSameBytes(as: issuer) }) else { throw .issuerUnknown }
  }

  /// The domains that the token is for; nil when the settings bind it to none.
  private func domains(_ claims: JSONObject) throws(TokenFailure) -> [[UInt8]]? {
    guard let domainClaim else { return nil }
    guard let value = claims.value(at: domainClaim) else { return [] }
    guard let names = value.text.map({ [$0] }) ?? value.texts else { throw .malformed }
    return names.map { Array($0.utf8) }
  }

  private func text(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> String? {
    guard let value = claims[name] else { return nil }
    guard let text = value.text else { throw .malformed }
    return text
  }

  private func texts(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> [String] {
    guard let value = claims[name] else { return [] }
    guard let texts = value.text.map({ [$0] }) ?? value.texts else { throw .malformed }
    return texts
  }

  private func date(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> Int64? {
    guard let value = claims[name] else { return nil }
    guard case .number(let number) = value, let date = NumericDate.nanoseconds(number) else { throw .malformed }
    return date
  }
}
