import Crypto
import CryptoExtras

/// Reads one key of a key set (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
enum JSONWebKey {
  static let longestName = 256

  /// The key; nil when it is for something else (another use, type, curve or algorithm).
  static func key(_ object: JSONObject, terms: KeyTerms) throws(KeyProblem) -> VerificationKey? {
    guard let type = object["kty"]?.text else { throw KeyProblem("has no `kty`") }
    guard try isForVerifying(object) else { return nil }
    var stated: SignatureAlgorithm?
    if let value = object["alg"] {
      guard let text = value.text else { throw KeyProblem("has an `alg` that is no text") }
      stated = SignatureAlgorithm.allCases.first { $0.rawValue.hasSameBytes(as: text) }
      // For encryption, say: its members are none of our business.
      if stated == nil { return nil }
    }
    guard let material = try material(object, type), stated.map(material.possible.contains) != false else {
      return nil
    }
    if type != "oct", object["d"] != nil { throw KeyProblem("is a private key; publish the public part only") }
    return VerificationKey(
      name: try name(object), material: material, algorithms: try terms.algorithms(of: material, stated: stated),
      issuer: terms.issuer)
  }

  private static func material(_ object: JSONObject, _ type: String) throws(KeyProblem) -> KeyMaterial? {
    switch type {
    case "OKP": try curve(object) == "Ed25519" ? try ed25519(object) : nil
    case "EC": try JSONWebKeyPoint.material(object, on: try curve(object))
    case "RSA": try rsa(object)
    case "oct": try KeyMaterial.secret(bytes: bytes("k", of: object))
    default: nil
    }
  }

  private static func name(_ object: JSONObject) throws(KeyProblem) -> String? {
    guard let value = object["kid"] else { return nil }
    guard let name = value.text, !name.isEmpty, name.utf8.count <= longestName else {
      throw KeyProblem("has a `kid` that is no text of 1 to \(longestName) bytes")
    }
    return name
  }

  private static func isForVerifying(_ object: JSONObject) throws(KeyProblem) -> Bool {
    if let use = object["use"] {
      guard let text = use.text else { throw KeyProblem("has a `use` that is no text") }
      if text != "sig" { return false }
    }
    if let operations = object["key_ops"] {
      guard let names = operations.texts else { throw KeyProblem("has a `key_ops` that is no list of texts") }
      return names.contains("verify")
    }
    return true
  }

  private static func curve(_ object: JSONObject) throws(KeyProblem) -> String {
    guard let curve = object["crv"]?.text else { throw KeyProblem("has no `crv`") }
    return curve
  }

  static func bytes(_ member: String, of object: JSONObject) throws(KeyProblem) -> [UInt8] {
    guard let bytes = object[member]?.text.flatMap(Base64URL.decode), !bytes.isEmpty else {
      throw KeyProblem("has no `\(member)` in base64url without padding")
    }
    return bytes
  }

  private static func ed25519(_ object: JSONObject) throws(KeyProblem) -> KeyMaterial {
    let point = try bytes("x", of: object)
    guard point.count == 32, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: point) else {
      throw KeyProblem("has an `x` that is no Ed25519 key of 32 bytes")
    }
    return .ed25519(key)
  }

  private static func rsa(_ object: JSONObject) throws(KeyProblem) -> KeyMaterial {
    let (modulus, exponent) = (try bytes("n", of: object), try bytes("e", of: object))
    guard modulus.count * 8 >= 2048, modulus.count * 8 <= KeyMaterial.longestModulus else {
      throw KeyProblem("is an RSA key of \(modulus.count * 8) bits; 2048 to \(KeyMaterial.longestModulus) are taken")
    }
    guard exponent.count <= 4, exponent != [1], exponent.last.map({ $0 & 1 == 1 }) == true,
      let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent)
    else { throw KeyProblem("has `n` and `e` that are no RSA key of 2048 bits or more") }
    return try KeyMaterial.rsa(checked: key)
  }
}
