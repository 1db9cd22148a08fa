import Crypto
import CryptoExtras
import Foundation

/// Makes keys and tokens for the tests: real keys, real signatures, any text in between.
struct Signer: Sendable {
  enum Key: Sendable {
    case ed25519(Curve25519.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
    case p521(P521.Signing.PrivateKey)
    case rsa(_RSA.Signing.PrivateKey)
    case secret([UInt8])
  }

  let key: Key
  let name: String
  /// What the key says that it is for; nil when it does not say.
  var stated: String?

  /// Making RSA keys is slow, so the tests share one of each.
  static let ed25519 = Signer(key: .ed25519(Curve25519.Signing.PrivateKey()), name: "ed")
  static let p256 = Signer(key: .p256(P256.Signing.PrivateKey()), name: "ec")
  static let p384 = Signer(key: .p384(P384.Signing.PrivateKey()), name: "ec384")
  static let p521 = Signer(key: .p521(P521.Signing.PrivateKey()), name: "ec521")
  static let rsa = Signer(key: .rsa(rsaKey(bits: 2048)), name: "rsa")
  static let secret = Signer(key: .secret(Array("0123456789abcdef0123456789abcdef".utf8)), name: "oct")
  /// One of each type of key with the algorithm that it has by itself.
  static let all = [ed25519, p256, rsa, secret]
  /// One of each algorithm. The RSA key is the same in all, under several names.
  static let every =
    all + [p384, p521]
    + ["RS384", "RS512", "PS256", "PS384", "PS512"].map { Signer(key: rsa.key, name: $0, stated: $0) }
    + [
      Signer(key: .secret([UInt8](repeating: 3, count: 48)), name: "HS384", stated: "HS384"),
      Signer(key: .secret([UInt8](repeating: 5, count: 64)), name: "HS512", stated: "HS512"),
    ]

  static func rsaKey(bits: Int) -> _RSA.Signing.PrivateKey {
    do { return try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits)) } catch {
      preconditionFailure("no RSA key: \(error)")
    }
  }

  var algorithm: String {
    if let stated { return stated }
    return switch key {
    case .ed25519: "EdDSA"
    case .p256: "ES256"
    case .p384: "ES384"
    case .p521: "ES512"
    case .rsa: "RS256"
    case .secret: "HS256"
    }
  }

  func signature(_ text: String) -> [UInt8] {
    let data = Data(text.utf8)
    do {
      switch key {
      case .ed25519(let key): return Array(try key.signature(for: data))
      case .p256(let key): return Array(try key.signature(for: data).rawRepresentation)
      case .p384(let key): return Array(try key.signature(for: data).rawRepresentation)
      case .p521(let key): return Array(try key.signature(for: data).rawRepresentation)
      case .rsa(let key): return try rsaSignature(data, key)
      case .secret(let bytes): return code(data, SymmetricKey(data: bytes))
      }
    } catch {
      preconditionFailure("no signature: \(error)")
    }
  }

  private func rsaSignature(_ data: Data, _ key: _RSA.Signing.PrivateKey) throws -> [UInt8] {
    let padding: _RSA.Signing.Padding = algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
    let signature =
      switch algorithm.suffix(3) {
      case "384": try key.signature(for: SHA384.hash(data: data), padding: padding)
      case "512": try key.signature(for: SHA512.hash(data: data), padding: padding)
      default: try key.signature(for: SHA256.hash(data: data), padding: padding)
      }
    return Array(signature.rawRepresentation)
  }

  private func code(_ data: Data, _ key: SymmetricKey) -> [UInt8] {
    switch algorithm.suffix(3) {
    case "384": Array(HMAC<SHA384>.authenticationCode(for: data, using: key))
    case "512": Array(HMAC<SHA512>.authenticationCode(for: data, using: key))
    default: Array(HMAC<SHA256>.authenticationCode(for: data, using: key))
    }
  }

  /// Signs any two texts, JSON or not.
  func token(header: String, claims: String) -> String {
    let signed = "\(base64URL(Array(header.utf8))).\(base64URL(Array(claims.utf8)))"
    return "\(signed).\(base64URL(signature(signed)))"
  }

  func token(_ claims: String) -> String {
    token(header: #"{"alg":"\#(algorithm)","kid":"\#(name)","typ":"JWT"}"#, claims: claims)
  }
}

// MARK: - Keys in JSON

extension Signer {
  /// The public part as a JWK; the secret for a secret.
  var jwk: String {
    switch key {
    case .ed25519(let key):
      member(#""kty":"OKP","crv":"Ed25519""#, ("x", Array(key.publicKey.rawRepresentation)))
    case .p256(let key): point("P-256", Array(key.publicKey.rawRepresentation))
    case .p384(let key): point("P-384", Array(key.publicKey.rawRepresentation))
    case .p521(let key): point("P-521", Array(key.publicKey.rawRepresentation))
    case .rsa(let key): rsaJWK(key)
    case .secret(let bytes): member(#""kty":"oct""#, ("k", bytes))
    }
  }

  private func member(_ type: String, _ values: (String, [UInt8])...) -> String {
    let alg = stated.map { #","alg":"\#($0)""# } ?? ""
    let more = values.map { #","\#($0.0)":"\#(base64URL($0.1))""# }.joined()
    return #"{\#(type),"kid":"\#(name)"\#(alg)\#(more)}"#
  }

  private func point(_ curve: String, _ bytes: [UInt8]) -> String {
    let half = bytes.count / 2
    return member(#""kty":"EC","crv":"\#(curve)""#, ("x", Array(bytes.prefix(half))), ("y", Array(bytes.suffix(half))))
  }

  private func rsaJWK(_ key: _RSA.Signing.PrivateKey) -> String {
    guard let primitives = try? key.publicKey.getKeyPrimitives() else { return "{}" }
    return member(#""kty":"RSA""#, ("n", Array(primitives.modulus)), ("e", Array(primitives.publicExponent)))
  }

  static func keySet(_ signers: [Signer]) -> String {
    #"{"keys":[\#(signers.map(\.jwk).joined(separator: ","))]}"#
  }
}

func base64URL(_ bytes: [UInt8]) -> String {
  Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
    .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}
