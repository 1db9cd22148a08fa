import Crypto
import GatewayKit

/// What the settings ask of claims (RFC 7519 section 4.1).
struct ClaimRules: Sendable {
  var issuers: [String] = []
  var audiences: [String] = []
  var kinds: [String] = []
  var requiresExpiry = false
  var scopeClaim = "scope"
  var kindClaim = "subtype"
  var tokenIDClaim = "jti"
  var domainClaim: DomainClaim?
  /// Claims whose values the identity keeps.
  var keptClaims: [String] = []
  /// What the origin is told of a token.
  var told: [ForwardingSettings.Field] = []

  /// The facts of a token that a key vouches for, or when there is none an endpoint. What depends on time or domain is left to
  /// ``VerifiedToken/failure(at:leeway:domain:)``, which is asked at every use.
  func facts(
    of claims: JSONObject, signed: UnsafeRawBufferPointer, key: VerificationKey?
  ) throws(TokenFailure) -> VerifiedToken {
    let issuer = try text("iss", claims)
    try judgeIssuer(issuer, key)
    let audience = try texts("aud", claims)
    guard audiences.isEmpty || audience.contains(where: { Self.contains(audiences, $0) }) else {
      throw .audienceWrong
    }
    let kind = try text(kindClaim, claims) ?? ""
    guard kinds.isEmpty || Self.contains(kinds, kind) else { throw .kindRefused }
    let expiry = try date("exp", claims)
    guard expiry != nil || !requiresExpiry else { throw .expiryMissing }
    let issuedAt = try date("iat", claims)
    let notBefore = try date("nbf", claims)
    let scopes = try TokenScopes.read(claims.value(at: scopeClaim))
    let identity = Identity(
      fingerprint: Fingerprint(digest: SHA256.hash(data: signed)), subject: try text("sub", claims) ?? "",
      kind: kind, issuer: issuer ?? "", tokenID: try text(tokenIDClaim, claims) ?? "",
      scopes: scopes, scopesFingerprint: TokenScopes.fingerprint(scopes), expiry: expiry ?? .max,
      claims: KeptClaims.read(keptClaims, from: claims), issuedAt: issuedAt ?? 0)
    // Who issues a token in the future has a clock that is wrong, or is not who they say.
    return VerifiedToken(
      identity: identity, notBefore: max(notBefore ?? .min, issuedAt ?? .min), domains: try domains(claims), key: key,
      renderedCost: IdentityFields.cost(of: told, for: identity))
  }

  private func judgeIssuer(_ issuer: String?, _ key: VerificationKey?) throws(TokenFailure) {
    if issuers.isEmpty && key?.issuer == nil { return }
    guard let issuer else { throw .issuerUnknown }
    if let only = key?.issuer, !only.hasSameBytes(as: issuer) { throw .issuerUnknown }
    guard issuers.isEmpty || Self.contains(issuers, issuer) else { throw .issuerUnknown }
  }

  /// The domains that the token is for; nil when the settings bind it to none.
  private func domains(_ claims: JSONObject) throws(TokenFailure) -> [[UInt8]]? {
    guard let domainClaim else { return nil }
    return try texts(domainClaim.claim, claims).compactMap(domainClaim.domain(in:))
  }

  private static func contains(_ names: [String], _ name: String) -> Bool {
    names.contains { $0.hasSameBytes(as: name) }
  }

  private func text(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> String? {
    guard let value = claims.value(at: name) else { return nil }
    guard let text = value.text else { throw .malformed }
    return text
  }

  private func texts(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> [String] {
    guard let value = claims.value(at: name) else { return [] }
    guard let texts = value.text.map({ [$0] }) ?? value.texts else { throw .malformed }
    return texts
  }

  private func date(_ name: String, _ claims: JSONObject) throws(TokenFailure) -> Int64? {
    guard let value = claims[name] else { return nil }
    guard case .number(let number) = value, let date = NumericDate.nanoseconds(number) else { throw .malformed }
    return date
  }
}
