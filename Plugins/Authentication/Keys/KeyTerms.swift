import Crypto

/// On what terms the keys of a source are used: whom they speak for, and for which algorithms.
struct KeyTerms: Sendable {
  /// The only issuer that the keys speak for; nil for any that the settings take.
  var issuer: String?
  /// What the source says that keys are for which do not say so themselves.
  var algorithm: SignatureAlgorithm?
  /// The algorithms that the settings name; none when they leave it to the keys.
  var named: [SignatureAlgorithm] = []

  /// What a key may be used for (RFC 8725 section 3.1): the one algorithm that the key or its source states, else those
  /// of its type that the settings name, else the usual one of its type.
  ///
  /// - Parameter stated: what the key says itself; it is one of the key's type.
  func algorithms(
    of material: KeyMaterial, stated: SignatureAlgorithm? = nil
  ) throws(KeyProblem) -> Set<SignatureAlgorithm> {
    let possible = material.possible
    let algorithms: [SignatureAlgorithm]
    if let one = stated ?? algorithm, possible.contains(one) {
      algorithms = [one]
    } else {
      let wanted = possible.filter(named.contains)
      algorithms = wanted.isEmpty ? Array(possible.prefix(1)) : wanted
    }
    if case .secret(let key) = material { try Self.checkLength(of: key, for: algorithms) }
    return Set(algorithms)
  }

  private static func checkLength(of key: SymmetricKey, for algorithms: [SignatureAlgorithm]) throws(KeyProblem) {
    for algorithm in algorithms where key.bitCount / 8 < algorithm.shortestSecret {
      throw KeyProblem(
        "is a secret of \(key.bitCount / 8) bytes; \(algorithm.rawValue) needs \(algorithm.shortestSecret) or more "
          + "(RFC 7518 section 3.2)")
    }
  }
}
