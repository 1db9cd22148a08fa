import Crypto
import Foundation

/// An Ed25519 key pair with the id under which the key set publishes it.
struct SigningKey: Sendable {
  let id: String
  let privateKey: Curve25519.Signing.PrivateKey

  init(_ privateKey: Curve25519.Signing.PrivateKey = .init()) {
    self.privateKey = privateKey
    // The thumbprint of the public key (RFC 7638, RFC 8037 appendix A.3): the same key has the same id everywhere.
    let x = Base64URL.encode(privateKey.publicKey.rawRepresentation)
    id = Base64URL.encode(Data(SHA256.hash(data: Data(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8))))
  }

  /// The public half as a JSON Web Key (RFC 8037, section 2).
  var publicJWK: PublicJWK {
    PublicJWK(kid: id, x: Base64URL.encode(privateKey.publicKey.rawRepresentation))
  }
}

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
