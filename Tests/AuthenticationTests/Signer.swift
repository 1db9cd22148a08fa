import Crypto
import CryptoExtras
import Foundation

/// Makes keys and tokens for the tests: real keys, real signatures, any text in between.
struct Signer: Sendable {
  enum Key: Sendable {
    case ed25519(Curve25519.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)
    case rsa(_RSA.Signing.PrivateKey)
    case secret([UInt8])
  }

  let key: Key
  let name: String

  /// Making RSA keys is slow, so the tests share one of each.
  static let ed25519 = Signer(key: .ed25519(Curve25519.Signing.PrivateKey()), name: "ed")
  static let p256 = Signer(key: .p256(P256.Signing.PrivateKey()), name: "ec")
  static let rsa = Signer(key: .rsa(rsaKey(bits: 2048)), name: "rsa")
  static let secret = Signer(key: .secret(Array("0123456789abcdef0123456789abcdef".utf8)), name: "oct")
  static let all = [ed25519, p256, rsa, secret]

  static func rsaKey(bits: Int) -> _RSA.Signing.PrivateKey {
    do { return try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits)) } catch {
      preconditionFailure("no RSA key: \(error)")
    }
  }

  var algorithm: String {
    switch key {
    case .ed25519: "EdDSA"
    case .p256: "ES256"
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
      case .rsa(let key):
        return Array(try key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation)
      case .secret(let bytes):
        return Array(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: bytes)))
      }
    } catch {
      preconditionFailure("no signature: \(error)")
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

  /// The public part as a JWK; the secret for a secret.
  var jwk: String {
    switch key {
    case .ed25519(let key):
      #"{"kty":"OKP","crv":"Ed25519","kid":"\#(name)","x":"\#(base64URL(Array(key.publicKey.rawRepresentation)))"}"#
    case .p256(let key):
      ecJWK(Array(key.publicKey.rawRepresentation))
    case .rsa(let key): rsaJWK(key)
    case .secret(let bytes): #"{"kty":"oct","kid":"\#(name)","k":"\#(base64URL(bytes))"}"#
    }
  }

  private func ecJWK(_ point: [UInt8]) -> String {
    let (x, y) = (base64URL(Array(point.prefix(32))), base64URL(Array(point.suffix(32))))
    return #"{"kty":"EC","crv":"P-256","kid":"\#(name)","x":"\#(x)","y":"\#(y)"}"#
  }

  private func rsaJWK(_ key: _RSA.Signing.PrivateKey) -> String {
    guard let primitives = try? key.publicKey.getKeyPrimitives() else { return "{}" }
    let (n, e) = (base64URL(Array(primitives.modulus)), base64URL(Array(primitives.publicExponent)))
    return #"{"kty":"RSA","kid":"\#(name)","n":"\#(n)","e":"\#(e)"}"#
  }

  static func keySet(_ signers: [Signer]) -> String {
    #"{"keys":[\#(signers.map(\.jwk).joined(separator: ","))]}"#
  }
}

func base64URL(_ bytes: [UInt8]) -> String {
  Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
    .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}
