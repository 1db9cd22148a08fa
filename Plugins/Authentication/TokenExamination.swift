package import GatewayKit
package import HTTPWire

/// What the plugin makes of a token, for commands that explain a configuration.
package struct TokenExamination: Sendable {
  /// Who asks, once signature and claims were found good.
  package let verified: Identity?
  /// The answer that the gateway gives; nil when the token is taken, or none is needed.
  package let refusal: Reply?
  /// What the token says of itself. Nothing of it was verified.
  package let claimed: Identity?
  /// Whether the signature could not be judged because the keys are at an address that was not asked.
  package let lacksKeys: Bool
}

extension AuthenticationPlugin {
  /// Judges a token as that of a request is judged, with the keys that are there.
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
        return TokenExamination(verified: nil, refusal: replies[.inQuery], claimed: nil, lacksKeys: false)
      }
      token = request.withQuery { Array($0[range]) }
    }
    guard let token else {
      let refusal = settings.missing == .allow ? nil : replies[.missing]
      return TokenExamination(verified: nil, refusal: refusal, claimed: nil, lacksKeys: false)
    }
    return token.withUnsafeBytes { bytes in
      do throws(TokenFailure) {
        let verified = try judge.judge(bytes, at: wall, domain: domain)
        return TokenExamination(verified: verified.identity, refusal: nil, claimed: nil, lacksKeys: false)
      } catch {
        return TokenExamination(
          verified: nil, refusal: replies[error], claimed: claimed(bytes),
          lacksKeys: error == .keyUnknown && judge.keys.isRemote)
      }
    }
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
      fingerprint: Fingerprint(0, 0, 0, 0), subject: claims["sub"]?.text ?? "", kind: claims["subtype"]?.text ?? "",
      issuer: claims["iss"]?.text ?? "", tokenID: claims["jti"]?.text ?? "", scopes: scopes,
      scopesFingerprint: Fingerprint(0, 0, 0, 0), expiry: expiry)
  }
}
