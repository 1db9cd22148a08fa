/// Verifies tokens over the exact bytes that were sent: form, algorithm, key, signature, claims, in this order.
struct TokenVerifier: Sendable {
  let rules: ClaimRules
  let permitted: Set<SignatureAlgorithm>
  /// Whether a key that is not there may be had by asking its source again.
  let keysMayCome: Bool

  /// The facts of a good token.
  func verify(_ token: UnsafeRawBufferPointer, keys: KeySet) throws(TokenFailure) -> VerifiedToken {
    let parts = try CompactToken(token)
    guard permitted.contains(parts.algorithm) else { throw .algorithmRefused }
    let signed = UnsafeRawBufferPointer(rebasing: token[..<parts.signedCount])
    let key = try signer(of: parts, signed, keys)
    guard let text = Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[parts.payload])),
      let claims = try? StrictJSON.object(text)
    else { throw .malformed }
    return try rules.facts(of: claims, signed: signed, key: key)
  }

  private func signer(
    of parts: CompactToken, _ signed: UnsafeRawBufferPointer, _ keys: KeySet
  ) throws(TokenFailure) -> VerificationKey {
    switch keys.choose(name: parts.keyName, algorithm: parts.algorithm) {
    case .none: throw .keyUnknown
    case .otherAlgorithm: throw .algorithmRefused
    case .keys(let candidates, let byName):
      for key in candidates where key.material.isValid(parts.signature, by: parts.algorithm, for: signed) {
        return key
      }
      // A named key may exist that we have not seen, while only nameless ones could be tried.
      throw parts.keyName != nil && !byName && keysMayCome ? .keyUnknown : .signatureInvalid
    }
  }
}
