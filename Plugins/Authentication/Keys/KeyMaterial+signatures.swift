import Crypto
import CryptoExtras

extension KeyMaterial {
  /// Whether the signature is this key's over exactly these bytes, made by that algorithm. Never for an algorithm that
  /// is none of the key's type.
  func isValid(
    _ signature: [UInt8], by algorithm: SignatureAlgorithm, for signed: UnsafeRawBufferPointer
  ) -> Bool {
    switch (self, algorithm) {
    case (.ed25519(let key), .edDSA):
      return key.isValidSignature(signature, for: signed)
    case (.p256(let key), .es256):
      guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
      return key.isValidSignature(signature, for: signed)
    case (.p384(let key), .es384):
      guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
      return key.isValidSignature(signature, for: signed)
    case (.p521(let key), .es512):
      guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
      return key.isValidSignature(signature, for: signed)
    case (.rsa(let key), _):
      return Self.isValid(_RSA.Signing.RSASignature(rawRepresentation: signature), by: algorithm, of: key, for: signed)
    case (.secret(let key), _):
      return Self.isValid(signature, by: algorithm, of: key, for: signed)
    default: return false
    }
  }

  /// The salt of PSS is as long as the hash, which is all that the library takes (RFC 7518 section 3.5).
  private static func isValid(
    _ signature: _RSA.Signing.RSASignature, by algorithm: SignatureAlgorithm, of key: _RSA.Signing.PublicKey,
    for signed: UnsafeRawBufferPointer
  ) -> Bool {
    switch algorithm {
    case .rs256: key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
    case .rs384: key.isValidSignature(signature, for: SHA384.hash(data: signed), padding: .insecurePKCS1v1_5)
    case .rs512: key.isValidSignature(signature, for: SHA512.hash(data: signed), padding: .insecurePKCS1v1_5)
    case .ps256: key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .PSS)
    case .ps384: key.isValidSignature(signature, for: SHA384.hash(data: signed), padding: .PSS)
    case .ps512: key.isValidSignature(signature, for: SHA512.hash(data: signed), padding: .PSS)
    default: false
    }
  }

  private static func isValid(
    _ code: [UInt8], by algorithm: SignatureAlgorithm, of key: SymmetricKey, for signed: UnsafeRawBufferPointer
  ) -> Bool {
    switch algorithm {
    case .hs256: HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key)
    case .hs384: HMAC<SHA384>.isValidAuthenticationCode(code, authenticating: signed, using: key)
    case .hs512: HMAC<SHA512>.isValidAuthenticationCode(code, authenticating: signed, using: key)
    default: false
    }
  }
}
