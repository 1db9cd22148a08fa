import Crypto
import CryptoExtras
import Foundation

extension Attack {
  static let algorithms: [Attack] = {
    let refused = "token_algorithm_refused"
    func token(_ alg: String, kid: String = "ed", by signer: Signer = ed) -> String {
      signer.token(header: #"{"alg":\#(alg),"kid":"\#(kid)"}"#, claims: good)
    }
    var attacks = [
      "none", "None", "NONE", "nOnE", "", "eddsa", "EDDSA", "EdDSA ", "Ed25519", "ES384", "ES512", "ES256K",
      "PS256", "PS512", "RS1", "HS1", "dir", "A128KW", "RSA-OAEP", "PBES2-HS256+A128KW", "EdDSA\\u0000",
    ].map {
      Attack("alg `\($0)`", refused, token("\"\($0)\""))
    }
    attacks += ["null", "0", "true", #"["EdDSA","none"]"#, #"{"a":"EdDSA"}"#].map {
      Attack("alg \($0)", "token_malformed", token($0))
    }
    attacks.append(Attack("no alg", "token_malformed", ed.token(header: #"{"kid":"ed"}"#, claims: good)))
    attacks.append(
      Attack(
        "alg in capitals as name", "token_malformed", ed.token(header: #"{"ALG":"EdDSA","kid":"ed"}"#, claims: good)))
    // The public key as a secret (CVE-2015-9235, CVE-2016-10555), however it is spelled.
    for (form, bytes) in publicKeyBytes {
      let secret = Signer(key: .secret(bytes), name: "rsa")
      attacks.append(Attack("HS256 with the public key, \(form)", refused, token("\"HS256\"", kid: "rsa", by: secret)))
      let nameless = secret.token(header: #"{"alg":"HS256"}"#, claims: good)
      attacks.append(Attack("the same without kid, \(form)", "token_signature_invalid", nameless))
    }
    for (alg, kid) in [
      ("RS256", "ed"), ("ES256", "rsa"), ("EdDSA", "ec"), ("HS256", "ed"), ("HS256", "ec"), ("EdDSA", "oct"),
    ] {
      for signer in Signer.all where signer.algorithm == alg {
        attacks.append(Attack("\(alg) with the key \(kid)", refused, token("\"\(alg)\"", kid: kid, by: signer)))
      }
    }
    attacks += longerHashes
    return attacks
  }()

  private static var publicKeyBytes: [(String, [UInt8])] {
    guard case .rsa(let key) = rsa.key else { return [] }
    let pem = key.publicKey.pemRepresentation
    return [
      ("PEM", Array(pem.utf8)), ("PEM with a line end", Array((pem + "\n").utf8)),
      ("DER", Array(key.publicKey.derRepresentation)), ("PKCS 1", Array(key.publicKey.pkcs1PEMRepresentation.utf8)),
      ("JWK", Array(rsa.jwk.utf8)),
    ]
  }

  /// Good signatures of algorithms that are not taken.
  private static var longerHashes: [Attack] {
    func make(_ alg: String, _ kid: String, _ sign: (Data) -> [UInt8]) -> Attack {
      let text =
        base64URL(Array(#"{"alg":"\#(alg)","kid":"\#(kid)"}"#.utf8)) + "." + base64URL(Array(good.utf8))
      let token = "\(text).\(base64URL(sign(Data(text.utf8))))"
      return Attack("\(alg), really signed", "token_algorithm_refused", token)
    }
    guard case .rsa(let key) = rsa.key, case .secret(let secret) = oct.key else { return [] }
    func rsaSignature(_ digest: some Digest, _ padding: _RSA.Signing.Padding) -> [UInt8] {
      (try? key.signature(for: digest, padding: padding)).map { Array($0.rawRepresentation) } ?? []
    }
    let symmetric = SymmetricKey(data: secret)
    return [
      make("RS384", "rsa") { rsaSignature(SHA384.hash(data: $0), .insecurePKCS1v1_5) },
      make("RS512", "rsa") { rsaSignature(SHA512.hash(data: $0), .insecurePKCS1v1_5) },
      make("PS256", "rsa") { rsaSignature(SHA256.hash(data: $0), .PSS) },
      make("HS384", "oct") { Array(HMAC<SHA384>.authenticationCode(for: $0, using: symmetric)) },
      make("HS512", "oct") { Array(HMAC<SHA512>.authenticationCode(for: $0, using: symmetric)) },
    ]
  }
}
