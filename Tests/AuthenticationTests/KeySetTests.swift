import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct KeySetTests {
  static let x = base64URL([UInt8](repeating: 7, count: 32))

  private func content(_ key: String) throws -> JSONWebKeySet.Content {
    try JSONWebKeySet.parse(Array(#"{"keys":[\#(key)]}"#.utf8), terms: KeyTerms())
  }

  @Test(arguments: [
    #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, #"{"kty":"OKP","crv":"X25519","x":"AA"}"#,
    #"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, #"{"kty":"AKP","pub":"AA"}"#, #"{"kty":"RSA","use":"enc"}"#,
    #"{"kty":"RSA","alg":"RSA-OAEP"}"#, #"{"kty":"EC","crv":"P-256","alg":"ECDH-ES"}"#,
    #"{"kty":"oct","alg":"A128GCM","k":"AA"}"#, #"{"kty":"RSA","key_ops":["encrypt"]}"#, #"{"kty":"oct","key_ops":[]}"#,
  ])
  func keysForSomethingElseAreLeftOut(_ key: String) throws {
    let content = try content(key)
    #expect(content.keys.isEmpty && content.problems.isEmpty)
    #expect(content.skipped == 1)
  }

  static let malformed: [String] =
    [
      "1", "[]", "{}", #"{"kty":1}"#, #"{"kty":"RSA"}"#, #"{"kty":"RSA","n":"AQAB"}"#,
      #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, #"{"kty":"RSA","alg":"PS256"}"#,
      #"{"kty":"EC","crv":"P-384","x":"\#(x)","y":"\#(x)"}"#, #"{"kty":"EC","crv":"P-521","x":"\#(x)","y":"\#(x)"}"#,
      #"{"kty":"oct","alg":"HS384","k":"\#(x)"}"#, #"{"kty":"oct","alg":"HS512","k":"\#(x)"}"#,
      #"{"kty":"RSA","n":"\#(base64URL([UInt8](repeating: 0xFF, count: 2048)))","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(base64URL([UInt8](repeating: 0, count: 256)))","e":"AQAB"}"#,
      #"{"kty":"OKP","crv":"Ed25519"}"#, #"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, #"{"kty":"OKP"}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)="}"#, #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)"}"#, #"{"kty":"oct","k":"AA"}"#, #"{"kty":"oct"}"#,
      #"{"kty":"oct","k":"\#(base64URL([UInt8](repeating: 1, count: 31)))"}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","kid":1}"#, #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","kid":""}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","use":1}"#, #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","alg":1}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","key_ops":"verify"}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","d":"\#(x)"}"#,
    ] + weakRSA

  private static let weakRSA: [String] = {
    guard case .rsa(let key) = Signer.rsa.key, let good = try? key.publicKey.getKeyPrimitives() else { return [] }
    let weak = try? Signer.rsaKey(bits: 1024).publicKey.getKeyPrimitives()
    let n = base64URL(Array(good.modulus))
    return [
      #"{"kty":"RSA","n":"\#(base64URL(Array(weak?.modulus ?? Data())))","e":"AQAB"}"#,
      // 2048 bits long, 1024 bits strong
      #"{"kty":"RSA","n":"\#(base64URL([UInt8](repeating: 0, count: 128) + Array(weak?.modulus ?? Data())))","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AQ"}"#, #"{"kty":"RSA","n":"\#(n)","e":"AAAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"Ag"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AAAAAAAB"}"#,
    ]
  }()

  @Test(arguments: malformed) func malformedKeysAreTold(_ key: String) throws {
    let content = try content(key)
    #expect(content.keys.isEmpty)
    #expect(content.problems.count == 1)
    #expect(content.problems.first?.hasPrefix("keys[0] ") == true)
    let folder = try TemporaryFolder()
    let file = try folder.write("keys.json", #"{"keys":[\#(Signer.p256.jwk),\#(key)]}"#)
    let error = #expect(throws: ConfigurationError.self) { try Rig(["keys": ["jwks": .text(file)]]) }
    #expect(error?.description.contains("keys.json keys[1] ") == true)
  }

  @Test(arguments: Signer.every) func theirOwnAlgorithmAndUseAreFine(_ signer: Signer) throws {
    let more = #""use":"sig","key_ops":["verify","sign"],"alg":"\#(signer.algorithm)","x5t":"AA"}"#
    let content = try content(
      signer.jwk.replacingOccurrences(of: #""alg":"\#(signer.algorithm)","#, with: "").dropLast() + "," + more)
    #expect(content.keys.map { $0.algorithms.map(\.rawValue) } == [[signer.algorithm]])
    #expect(content.keys.first?.name == signer.name)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, #"{"keys":[]}x"#,
    #"{"keys":[\#(Array(repeating: "1", count: 65).joined(separator: ","))]}"#,
  ])
  func setsThatAreNone(_ text: String) {
    #expect(throws: KeyProblem.self) { try JSONWebKeySet.parse(Array(text.utf8), terms: KeyTerms()) }
  }

  @Test func aFileWithoutKeysFailsTheLoad() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("keys.json", #"{"keys":[{"kty":"AKP"}]}"#)
    let error = #expect(throws: ConfigurationError.self) { try Rig(["keys": ["jwks": .text(file)]]) }
    #expect(error?.description.contains("holds no key that verifies signatures") == true)
    #expect(throws: ConfigurationError.self) { try Rig(["keys": ["jwks": .text("\(folder.path)/none.json")]]) }
    #expect(throws: ConfigurationError.self) { try Rig(["keys": ["jwks": .text(folder.path)]]) }
  }

  @Test func publicKeysInPEM() throws {
    let folder = try TemporaryFolder()
    guard case .ed25519(let ed) = Signer.ed25519.key, case .p256(let ec) = Signer.p256.key,
      case .rsa(let rsa) = Signer.rsa.key
    else { return }
    let der: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
    let body = Data(der + ed.publicKey.rawRepresentation).base64EncodedString()
    let edPEM = "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----\n"
    let pems = [
      ("EdDSA", edPEM, Signer.ed25519), ("ES256", ec.publicKey.pemRepresentation, Signer.p256),
      ("RS256", rsa.publicKey.pemRepresentation, Signer.rsa),
    ]
    for (algorithm, pem, signer) in pems {
      let file = try folder.write("key.pem", pem)
      let rig = try Rig(["keys": ["pem": .text(file), "algorithm": .text(algorithm)]])
      #expect(try rig.judge(signer.token("{}")).text == "next")
      for other in pems where other.0 != algorithm {
        #expect(throws: ConfigurationError.self) {
          try Rig(["keys": ["pem": .text(file), "algorithm": .text(other.0)]])
        }
      }
    }
    for pem in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", ec.pemRepresentation] {
      let file = try folder.write("key.pem", pem)
      for algorithm in ["EdDSA", "ES256", "RS256"] {
        let error = #expect(throws: ConfigurationError.self) {
          try Rig(["keys": ["pem": .text(file), "algorithm": .text(algorithm)]])
        }
        #expect(error?.description.contains("key.pem holds ") == true)
      }
    }
    let weak = try folder.write("weak.pem", Signer.rsaKey(bits: 1024).publicKey.pemRepresentation)
    let error = #expect(throws: ConfigurationError.self) {
      try Rig(["keys": ["pem": .text(weak), "algorithm": "RS256"]])
    }
    #expect(error?.description.contains("2048") == true)
  }

  @Test func keysOfOneIssuerDoNotSpeakForAnother() throws {
    let folder = try TemporaryFolder()
    let (one, two) = (Signer(key: .ed25519(.init()), name: "1"), Signer(key: .ed25519(.init()), name: "2"))
    let rig = try Rig([
      "keys": [
        ["jwks": .text(try folder.write("1", one.jwk)), "issuer": "a"],
        ["jwks": .text(try folder.write("2", two.jwk)), "issuer": "b"],
      ]
    ])
    #expect(try rig.judge(one.token(#"{"iss":"a"}"#)).text == "next")
    #expect(try rig.judge(two.token(#"{"iss":"b"}"#)).text == "next")
    #expect(try rig.judge(one.token(#"{"iss":"b"}"#)).text == "token_issuer_unknown")
    #expect(try rig.judge(two.token(#"{"iss":"a"}"#)).text == "token_issuer_unknown")
    #expect(try rig.judge(two.token("{}")).text == "token_issuer_unknown")
  }
}
