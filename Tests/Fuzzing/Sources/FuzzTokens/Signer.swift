import Crypto
import CryptoExtras
import FuzzDriver

@testable import Authentication

/// A key of ours and one algorithm that it is for.
struct Signer {
  let algorithm: SignatureAlgorithm
  let name: String
  let material: KeyMaterial
  /// The signature of exactly these bytes.
  let sign: ([UInt8]) -> [UInt8]

  var header: String { #"{"alg":"\#(algorithm.rawValue)","kid":"\#(name)"}"# }
}

/// Keys of every kind, and a verifier that knows them all.
enum Keys {
  nonisolated(unsafe) static let signers: [Signer] = {
    __lsan_disable()
    defer { __lsan_enable() }
    do { return try curves() + rsa() + secrets() } catch { preconditionFailure("no keys: \(error)") }
  }()

  static let set = KeySet(
    signers.map { VerificationKey(name: $0.name, material: $0.material, algorithms: [$0.algorithm]) })

  static let verifier = TokenVerifier(
    rules: ClaimRules(domainClaim: DomainClaim(claim: "aud", value: "https://{domain}/"), keptClaims: ["a", "x.y"]),
    permitted: Set(SignatureAlgorithm.allCases), keysMayCome: true)

  private static func curves() throws -> [Signer] {
    let ed = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: 32))
    let p256 = try P256.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 2, count: 32))
    let p384 = try P384.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 3, count: 48))
    let p521 = try P521.Signing.PrivateKey(rawRepresentation: [0] + [UInt8](repeating: 4, count: 65))
    return [
      Signer(algorithm: .edDSA, name: "e", material: .ed25519(ed.publicKey)) { text in
        made { try ed.signature(for: text) }
      },
      Signer(algorithm: .es256, name: "2", material: .p256(p256.publicKey)) { text in
        made { try p256.signature(for: text).rawRepresentation }
      },
      Signer(algorithm: .es384, name: "3", material: .p384(p384.publicKey)) { text in
        made { try p384.signature(for: text).rawRepresentation }
      },
      Signer(algorithm: .es512, name: "5", material: .p521(p521.publicKey)) { text in
        made { try p521.signature(for: text).rawRepresentation }
      },
    ]
  }

  private static func rsa() throws -> [Signer] {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let material = KeyMaterial.rsa(key.publicKey)
    func signer(_ algorithm: SignatureAlgorithm, _ sign: @escaping ([UInt8]) throws -> [UInt8]) -> Signer {
      Signer(algorithm: algorithm, name: algorithm.rawValue, material: material) { text in made { try sign(text) } }
    }
    func bytes(_ digest: some Digest, _ padding: _RSA.Signing.Padding) throws -> [UInt8] {
      Array(try key.signature(for: digest, padding: padding).rawRepresentation)
    }
    return [
      signer(.rs256) { try bytes(SHA256.hash(data: $0), .insecurePKCS1v1_5) },
      signer(.rs384) { try bytes(SHA384.hash(data: $0), .insecurePKCS1v1_5) },
      signer(.rs512) { try bytes(SHA512.hash(data: $0), .insecurePKCS1v1_5) },
      signer(.ps256) { try bytes(SHA256.hash(data: $0), .PSS) },
      signer(.ps384) { try bytes(SHA384.hash(data: $0), .PSS) },
      signer(.ps512) { try bytes(SHA512.hash(data: $0), .PSS) },
    ]
  }

  private static func secrets() -> [Signer] {
    let key = SymmetricKey(data: [UInt8](repeating: 5, count: 64))
    func signer(_ algorithm: SignatureAlgorithm, _ sign: @escaping ([UInt8]) -> [UInt8]) -> Signer {
      Signer(algorithm: algorithm, name: algorithm.rawValue, material: .secret(key), sign: sign)
    }
    return [
      signer(.hs256) { Array(HMAC<SHA256>.authenticationCode(for: $0, using: key)) },
      signer(.hs384) { Array(HMAC<SHA384>.authenticationCode(for: $0, using: key)) },
      signer(.hs512) { Array(HMAC<SHA512>.authenticationCode(for: $0, using: key)) },
    ]
  }

  private static func made(_ sign: () throws -> some Sequence<UInt8>) -> [UInt8] {
    do { return Array(try sign()) } catch { preconditionFailure("no signature: \(error)") }
  }
}
