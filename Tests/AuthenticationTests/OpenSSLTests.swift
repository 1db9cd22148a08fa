import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

/// Tokens that another library signed.
@Suite struct OpenSSLTests {
  private static let folder = try? TemporaryFolder()

  private func rig(_ algorithm: String, _ pem: String?) throws -> Rig {
    let file: String
    if let pem {
      file = try #require(Self.folder).write("\(UUID().uuidString).pem", pem)
      return try Rig(["keys": ["pem": ["file": .text(file)], "algorithm": .text(algorithm)]])
    }
    file = try #require(Self.folder).write(UUID().uuidString, String(decoding: OpenSSLTokens.secret, as: UTF8.self))
    return try Rig(["keys": ["secret": ["file": .text(file)], "algorithm": .text(algorithm)]])
  }

  @Test(arguments: OpenSSLTokens.good.indices) func isTaken(_ index: Int) throws {
    let (algorithm, pem, token) = OpenSSLTokens.good[index]
    #expect(try rig(algorithm, pem).judge(token).identity?.subject == "openssl")
    // The key is for its algorithm only, whatever else it could do.
    for other in OpenSSLTokens.good where other.pem == pem && other.algorithm != algorithm {
      #expect(try rig(algorithm, pem).judge(other.token).identity == nil)
    }
  }

  @Test func allAlgorithmsAreThere() {
    #expect(OpenSSLTokens.good.map(\.algorithm).sorted() == SignatureAlgorithm.allCases.map(\.rawValue).sorted())
  }

  @Test(arguments: OpenSSLTokens.otherSalts.indices) func otherSaltsAreRefused(_ index: Int) throws {
    let (algorithm, pem, token) = OpenSSLTokens.otherSalts[index]
    #expect(try rig(algorithm, pem).judge(token).text == "token_signature_invalid")
  }

  /// An RSA key that says nothing is for RS256, unless the settings name others.
  @Test func whatAnRSAKeyIsFor() throws {
    let bare = Signer(key: Signer.rsa.key, name: "rsa")
    let signers = Signer.every.filter { if case .rsa = $0.key { true } else { false } }
    func taken(_ more: [(String, Setting)], _ keys: [Signer] = [bare]) throws -> [String] {
      let rig = try GoodTokenTests.rig(more, signers: keys)
      return try signers.filter { signer in
        let header = #"{"alg":"\#(signer.algorithm)","kid":"rsa"}"#
        return try rig.judge(signer.token(header: header, claims: "{}")).text == "next"
      }.map(\.algorithm)
    }
    #expect(try taken([]) == ["RS256"])
    #expect(try taken([("algorithms", ["PS256", "RS512"])]) == ["RS512", "PS256"])
    #expect(throws: ConfigurationError.self) { try taken([("algorithms", ["EdDSA"])]) }
    let stated = [Signer(key: Signer.rsa.key, name: "rsa", stated: "PS384")]
    #expect(try taken([], stated) == ["PS384"])
    #expect(try taken([("algorithms", ["PS256", "PS384"])], stated) == ["PS384"])
    #expect(throws: ConfigurationError.self) { try taken([("algorithms", ["PS256"])], stated) }
    let file = try #require(Self.folder).write("bare.json", Signer.keySet([bare]))
    let rig = try Rig(["keys": ["jwks": ["file": .text(file)], "algorithm": "PS512"]])
    #expect(try rig.judge(Signer(key: bare.key, name: "rsa", stated: "PS512").token("{}")).text == "next")
    #expect(try rig.judge(bare.token("{}")).text == "token_algorithm_refused")
  }

  /// A secret is for HS256, and for more when it is long enough and somebody says so.
  @Test func whatASecretIsFor() throws {
    let long = String(repeating: "s", count: 64)
    func taken(_ keys: Setting, _ more: [(String, Setting)] = []) throws -> [String] {
      let rig = try Rig(.mapping([("keys", keys)] + more), environment: ["KEY": long])
      return try ["HS256", "HS384", "HS512"].filter { alg in
        try rig.judge(Signer(key: .secret(Array(long.utf8)), name: "k", stated: alg).token("{}")).text == "next"
      }
    }
    let plain: Setting = ["secret": ["env": "KEY"], "kid": "k"]
    #expect(try taken(plain) == ["HS256"])
    #expect(try taken(plain, [("algorithms", ["HS512", "HS256"])]) == ["HS256", "HS512"])
    #expect(throws: ConfigurationError.self) { try taken(plain, [("algorithms", "EdDSA")]) }
    #expect(try taken(["secret": ["env": "KEY"], "kid": "k", "algorithm": "HS384"]) == ["HS384"])
    #expect(try taken([plain, ["secret": ["env": "KEY"], "algorithm": "HS512"]]) == ["HS256"], "the name chooses")
  }

  /// Key sets and public keys come from the environment, too.
  @Test func keysFromTheEnvironment() throws {
    let set = Signer.keySet([.p384, .secret])
    let rig = try Rig(["keys": ["jwks": ["env": "SET"]]], environment: ["SET": set])
    #expect(try rig.judge(Signer.p384.token("{}")).text == "next")
    #expect(try rig.judge(Signer.secret.token("{}")).text == "next")
    let good = try #require(OpenSSLTokens.good.first { $0.algorithm == "ES512" })
    let pem = try Rig(
      ["keys": ["pem": ["env": "PEM"], "algorithm": "ES512"]], environment: ["PEM": try #require(good.pem)])
    #expect(try pem.judge(good.token).text == "next")
  }
}
