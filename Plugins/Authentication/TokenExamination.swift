package import GatewayKit
package import HTTPWire

/// What the plugin makes of a token, for commands that explain a configuration.
package struct TokenExamination: Sendable {
  /// Who has a say in whether the token is good and was not asked.
  package enum Unasked: Sendable, Hashable {
    /// Keys at an address. Signature and claims were not judged.
    case keys
    /// Who is asked about tokens. `tellsClaims` when its answer says who asks, and not the token.
    case introspection(name: String, tellsClaims: Bool)
  }

  /// Who asks, once keys have vouched for the token and its claims were found good.
  package var verified: Identity?
  /// The answer that the gateway gives whoever else is asked; nil when the token may be taken, or none is needed.
  package var refusal: Reply?
  /// What the token says of itself. Nothing of it was verified.
  package var claimed: Identity?
  /// Without whom nothing final can be said.
  package var unasked: [Unasked] = []
}

extension AuthenticationPlugin {
  /// Judges a token as that of a request is judged, with the keys and revocations that are there. Nobody is asked.
  ///
  /// - Parameters:
  ///   - token: what the request has in its Authorization field; nil for nothing.
  ///   - request: its query may hold a token too.
  package func examine(
    _ token: [UInt8]?, of request: RequestHead, at wall: Int64, domain: DomainFacts?
  ) -> TokenExamination {
    var token = token
    if let found = request.withQuery({ QueryCredential($0) }), found.count > 0 {
      guard settings.query == .judge, token == nil, let range = found.token else {
        return TokenExamination(refusal: replies[.inQuery])
      }
      token = request.withQuery { Array($0[range]) }
    }
    guard let token else { return TokenExamination(refusal: settings.missing == .allow ? nil : replies[.missing]) }
    return token.withUnsafeBytes { examine($0, at: wall, domain) }
  }

  private func examine(_ token: UnsafeRawBufferPointer, at wall: Int64, _ domain: DomainFacts?) -> TokenExamination {
    let asked = introspection
    do throws(TokenFailure) {
      if let introspector = judge.introspector, !judge.hasKeys {
        let candidate = try introspector.candidate(token, at: wall, domain: domain)
        try refuseRevoked(candidate)
        return TokenExamination(claimed: candidate?.identity ?? claimed(token), unasked: asked)
      }
      let verified = try judge.judge(token, at: wall, domain: domain)
      try refuseRevoked(verified)
      return TokenExamination(verified: verified.identity, unasked: asked)
    } catch {
      if error == .keyUnknown, judge.keys.isRemote, !judge.keys.isStarted {
        let claimed = claimed(token)
        let hasEnded = claimed.map { wall >= $0.expiry.saturatingAdd(settings.leeway.nanoseconds) } ?? false
        return TokenExamination(
          refusal: hasEnded ? replies[.expired] : nil, claimed: claimed, unasked: [.keys] + asked)
      }
      return TokenExamination(refusal: replies[error], claimed: claimed(token))
    }
  }

  private var introspection: [TokenExamination.Unasked] {
    guard let endpoint = judge.introspector?.settings.endpoint else { return [] }
    let tellsClaims = !judge.hasKeys && !endpoint.takesClaimsOfToken
    return [.introspection(name: endpoint.name, tellsClaims: tellsClaims)]
  }

  private func refuseRevoked(_ token: VerifiedToken?) throws(TokenFailure) {
    if let token, revocations.isRevoked(token.identity) { throw .revoked }
  }

  /// The facts in a token's payload, whoever signed it.
  private func claimed(_ token: UnsafeRawBufferPointer) -> Identity? {
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard token.count <= settings.maxToken, parts.count == 3,
      let text = Base64URL.decode(UnsafeRawBufferPointer(rebasing: parts[1])),
      let claims = try? StrictJSON.object(text),
      let scopes = try? TokenScopes.read(claims.value(at: settings.scopeClaim))
    else { return nil }
    var expiry = Int64.max
    if case .number(let number) = claims["exp"] { expiry = NumericDate.nanoseconds(number) ?? .max }
    return Identity(
      fingerprint: Fingerprint(0, 0, 0, 0), subject: claims["sub"]?.text ?? "",
      kind: claims.value(at: settings.kindClaim)?.text ?? "", issuer: claims["iss"]?.text ?? "",
      tokenID: claims.value(at: settings.tokenIDClaim)?.text ?? "", scopes: scopes,
      scopesFingerprint: Fingerprint(0, 0, 0, 0), expiry: expiry)
  }
}
