import Crypto
import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct GoodTokenTests {
  static let folder = try? TemporaryFolder()

  /// A plugin that knows every signer's key, from one key set in a file.
  static func rig(_ more: [(String, Setting)] = [], signers: [Signer] = Signer.every) throws -> Rig {
    let folder = try #require(folder)
    let file = try folder.write("\(UUID().uuidString).json", Signer.keySet(signers))
    return try Rig(.mapping([("keys", ["jwks": .text(file)])] + more))
  }

  @Test(arguments: Signer.every) func everyAlgorithmIsTaken(_ signer: Signer) throws {
    let rig = try Self.rig()
    let token = signer.token(#"{"sub":"u1","subtype":"apiToken","iss":"id.example","jti":"j","scope":["b","a","b"]}"#)
    for _ in 0..<2 {
      let judgement = try rig.judge(token)
      #expect(judgement.text == "next")
      let identity = try #require(judgement.identity)
      #expect(identity.subject == "u1")
      #expect(identity.kind == "apiToken")
      #expect(identity.issuer == "id.example")
      #expect(identity.tokenID == "j")
      #expect(identity.scopes == ["a", "b"])
      #expect(identity.expiry == .max)
    }
    #expect(rig.plugin.judge.cache.count == 1)
  }

  @Test(arguments: ["Bearer ", "bearer ", "BEARER ", "bEaReR   ", "JWT ", "jwt  "])
  func schemesInAnyCase(_ scheme: String) throws {
    let rig = try Self.rig()
    let token = Signer.ed25519.token(#"{"sub":"u"}"#)
    let plain = try #require(try rig.judge(token).identity)
    let other = try rig.judge(token, scheme: scheme)
    #expect(other.text == "next")
    // The very same facts: another spelling is no other caller.
    #expect(other.identity === plain)
  }

  @Test(arguments: ["Basic ", "Bearer", "Bearer\t", "Token ", "Bearer, ", "JWTBearer ", "", "Bearer =", "Bearer \" "])
  func otherSchemesAreRefused(_ scheme: String) throws {
    let judgement = try Self.rig().judge(Signer.ed25519.token(#"{"sub":"u"}"#), scheme: scheme)
    #expect(judgement.text == "token_malformed")
    #expect(judgement.status == 401)
  }

  @Test func keysWithoutANameStandInForAll() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("set.json", Signer.ed25519.jwk.replacingOccurrences(of: #""kid":"ed","#, with: ""))
    let rig = try Rig(["keys": ["jwks": .text(file)]])
    #expect(try rig.judge(Signer.ed25519.token("{}")).text == "next")
    #expect(try rig.judge(Signer.ed25519.token(header: #"{"alg":"EdDSA"}"#, claims: "{}")).text == "next")
    #expect(try rig.judge(Signer.p256.token("{}")).text == "token_key_unknown")
  }

  @Test func tokensThatNameNoKeyAreOfAnyKey() throws {
    let others = (0..<3).map { Signer(key: .ed25519(.init()), name: "k\($0)") }
    let rig = try Self.rig(signers: others + [.ed25519])
    #expect(try rig.judge(Signer.ed25519.token(header: #"{"alg":"EdDSA"}"#, claims: "{}")).text == "next")
  }

  @Test func fingerprintsAreOfTheSignedPart() throws {
    let rig = try Self.rig()
    let header = #"{"alg":"ES256","kid":"ec"}"#
    let first = Signer.p256.token(header: header, claims: #"{"sub":"u"}"#)
    let second = Signer.p256.token(header: header, claims: #"{"sub":"u"}"#)
    try #require(first != second, "ECDSA signatures differ each time")
    let (a, b) = (try #require(try rig.judge(first).identity), try #require(try rig.judge(second).identity))
    #expect(a !== b)
    #expect(a.fingerprint == b.fingerprint)
    let other = try #require(try rig.judge(Signer.p256.token(header: header, claims: #"{"sub":"v"}"#)).identity)
    #expect(other.fingerprint != a.fingerprint)
  }

  @Test func scopeFingerprintsAreOfTheSet() throws {
    let rig = try Self.rig()
    func print(_ claims: String) throws -> Fingerprint {
      try #require(try rig.judge(Signer.ed25519.token(claims)).identity).scopesFingerprint
    }
    let set = try print(#"{"scope":["a","b"]}"#)
    #expect(try print(#"{"scope":"b a  a"}"#) == set)
    // A separator would make these one.
    #expect(
      try print(#"{"scope":["a b".replacing]}"#.replacingOccurrences(of: "\"a b\".replacing", with: "\"ab\"")) != set)
    #expect(try print(#"{"scope":["a"]}"#) != set)
    #expect(try print("{}") == print(#"{"scope":[]}"#))
  }

  @Test func scopesOfAnotherClaim() throws {
    let rig = try Self.rig([("scope_claim", "realm.scp")])
    let claims = #"{"scope":["no"],"realm":{"scp":"x y"}}"#
    #expect(try rig.judge(Signer.ed25519.token(claims)).identity?.scopes == ["x", "y"])
    let literal = #"{"realm.scp":["z"],"realm":{"scp":"x y"}}"#
    #expect(try rig.judge(Signer.ed25519.token(literal)).identity?.scopes == ["z"])
  }
}
