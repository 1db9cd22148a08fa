import Crypto
import Foundation
import JWTKit

/// An Ed25519 key pair with the id under which the key set publishes it.
struct SigningKey: Sendable {
  let id: String
  let privateKey: EdDSA.PrivateKey
  /// The public half as a JSON Web Key (RFC 8037, section 2).
  let publicJWK: PublicJWK

  /// A new key.
  init() throws {
    self.init(try EdDSA.PrivateKey())
  }

  /// A key that was stored.
  /// - Throws: if these are not 32 bytes.
  init(rawRepresentation: Data) throws {
    self.init(EdDSA.PrivateKey(backing: try .init(rawRepresentation: rawRepresentation)))
  }

  private init(_ privateKey: EdDSA.PrivateKey) {
    self.privateKey = privateKey
    // The thumbprint of the public key (RFC 7638, RFC 8037 appendix A.3): the same key has the same id everywhere.
    let x = Self.base64URL(privateKey.publicKey.rawRepresentation)
    id = Self.base64URL(Data(SHA256.hash(data: Data(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8))))
    publicJWK = PublicJWK(kid: id, x: x)
  }

  /// The private key as it is stored: 32 bytes.
  var rawRepresentation: Data { privateKey.rawRepresentation }

  /// RFC 7515, section 2. JWTKit takes and gives such texts, but does not make them of bytes.
  private static func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

/// JWTKit's own `JWK` has no `use`.
struct PublicJWK: Encodable, Sendable {
  var kty = "OKP"
  var crv = "Ed25519"
  var alg = "EdDSA"
  var use = "sig"
  let kid: String
  let x: String
}

struct PublicKeySet: Encodable, Sendable {
  let keys: [PublicJWK]
}
