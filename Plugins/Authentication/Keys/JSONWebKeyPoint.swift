import Crypto

/// Reads the point of an elliptic curve key (RFC 7518 section 6.2.1): each coordinate is as long as the field of the
/// curve, and the point is on the curve.
enum JSONWebKeyPoint {
  /// The key; nil when the curve is another than P-256, P-384 and P-521.
  static func material(_ object: JSONObject, on curve: String) throws(KeyProblem) -> KeyMaterial? {
    let size: Int
    switch curve {
    case "P-256": size = 32
    case "P-384": size = 48
    case "P-521": size = 66
    default: return nil
    }
    let (x, y) = (try JSONWebKey.bytes("x", of: object), try JSONWebKey.bytes("y", of: object))
    guard x.count == size, y.count == size, let key = material(x + y, size) else {
      throw KeyProblem("has `x` and `y` that are no point of \(curve) in \(size) bytes each")
    }
    return key
  }

  private static func material(_ point: [UInt8], _ size: Int) -> KeyMaterial? {
    switch size {
    case 32: (try? P256.Signing.PublicKey(rawRepresentation: point)).map(KeyMaterial.p256)
    case 48: (try? P384.Signing.PublicKey(rawRepresentation: point)).map(KeyMaterial.p384)
    default: (try? P521.Signing.PublicKey(rawRepresentation: point)).map(KeyMaterial.p521)
    }
  }
}
