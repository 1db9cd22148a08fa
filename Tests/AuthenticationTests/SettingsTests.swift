import Foundation
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct SettingsTests {
  private static let secret = "0123456789abcdef0123456789abcdef"

  @Test func secretsFromTheEnvironment() throws {
    let keys: Setting = ["secret": ["env": "KEY"], "kid": "oct"]
    let rig = try Rig(["keys": keys], environment: ["KEY": Self.secret])
    #expect(try rig.judge(Signer.secret.token("{}")).text == "next")
    #expect(try rig.judge(Signer.ed25519.token("{}")).text == "token_key_unknown")
    let other = try Rig(
      ["keys": ["jwks": ["env": "KEY"]], "algorithms": "EdDSA"],
      environment: ["KEY": Signer.keySet([.ed25519, .secret])])
    #expect(try other.judge(Signer.secret.token("{}")).text == "token_algorithm_refused")
    #expect(throws: ConfigurationError.self, "no token could be taken") {
      try Rig(["keys": keys, "algorithms": "EdDSA"], environment: ["KEY": Self.secret])
    }
  }

  static let mistakes: [(Setting, String)] = [
    ([:], "keys: is missing"), (["keys": []], "keys: is missing"), (["keys": "x"], "expected a mapping"),
    (["keys": [:]], "names no keys"), (["keys": ["jwks": ""]], "is no name of a file"),
    (["keys": ["jwks": "http://id.example/"]], "keys must not come over plain http"),
    (["keys": ["jwks": "http://localhost.evil.example/"]], "plain http"),
    (["keys": ["jwks": "http://127.0.0.1.evil.example/"]], "plain http"),
    (["keys": ["jwks": "http://127.0.0.1@evil.example/"]], "must not hold a password"),
    (["keys": ["jwks": "http://evil.example\\@127.0.0.1/"]], "plain http"),
    (["keys": ["jwks": "https://u:p@id.example/"]], "must not hold a password"),
    (["keys": ["jwks": "ftp://id.example/"]], "no keys are fetched from"),
    (["keys": ["jwks": "/a", "pem": "/b"]], "in several ways"),
    (["keys": ["pem": "/b"]], "a public key needs its algorithm"),
    (["keys": ["pem": "/b", "algorithm": "HS256"]], "a public key needs its algorithm"),
    (["keys": ["pem": "/b", "algorithm": "RS1"]], "is not known here"),
    (["keys": ["pem": "/b", "algorithm": ["RS256", "PS256"]]], "names several algorithms"),
    (["keys": ["pem": ["file": "/b", "env": "KEY"], "algorithm": "ES384"]], "needs one source"),
    (["keys": ["jwks": ["env": "NONE"]]], "is not set"), (["keys": ["jwks": [:]]], "needs one source"),
    (["keys": ["jwks": ["file": "/none/at/all"]]], "does not exist"), (["keys": ["jwks": ["url": "x"]]], "unknown key"),
    (["keys": ["jwks": ["env": "KEY"]]], "the environment variable is no JSON object"),
    (["keys": ["pem": ["env": "KEY"], "algorithm": "ES512"]], "holds no public key for ES512"),
    (["keys": ["secret": ["env": "KEY"], "algorithm": "HS512"]], "shorter than 64"),
    (with("algorithms", ["HS256", "HS384"]), "HS384 needs 48 or more"),
    (["keys": ["secret": "oops"]], "a secret must not stand"),
    (["keys": ["secret": ["env": "SHORT"]]], "shorter than 32"),
    (["keys": ["secret": ["env": "NONE"]]], "is not set"),
    (["keys": ["secret": ["env": "KEY"], "algorithm": "RS256"]], "a secret is for HS256, HS384 or HS512 only"),
    (["keys": ["secret": ["env": "KEY"], "kind": "x"]], "did you mean `kid`"),
    (["keys": ["jwks": "/none/at/all"]], "does not exist"),
    (with("algorithms", "none"), "is not known here"), (with("leeway", "1h"), "out of range"),
    (with("missing", "404"), "choose one of 401, 403, allow"), (with("query", "ignore"), "choose one of refuse, judge"),
    (with("max_token", "1GB"), "out of range"), (with("cache", ["entries": "-1"]), "out of range"),
    (with("cache", ["size": "1"]), "unknown key"), (with("refresh", "0s"), "out of range"),
    (with("cooldown", "99ms"), "out of range"), (with("kinds", []), "names nothing"),
    (with("kind_claim", ""), "is empty"), (with("token_id_claim", ""), "is empty"),
    (with("domain_claim", ["value": "{domain}"]), "is missing"),
    (with("domain_claim", ["claim": "aud", "value": "https://x/"]), "does not hold {domain} exactly once"),
    (with("domain_claim", ["claim": "aud", "value": "{domain}{domain}"]), "does not hold {domain} exactly once"),
    (with("domain_claim", ["claim": "aud", "values": "{domain}"]), "did you mean `value`"),
    (with("scope_claim", ""), "is empty"),
    (with("scope_claim", .nothing), "is empty"), (with("domain_claim", .nothing), "is empty"),
    (with("issuer", .nothing), "names nothing"), (with("issuer", []), "names nothing"),
    (with("issuer", ["a", ""]), "names nothing"), (with("audience", []), "names nothing"),
    (with("audience", ""), "names nothing"), (with("algorithms", []), "names no algorithm"),
    (["keys": ["secret": ["env": "KEY"], "issuer": .nothing]], "names nothing"),
    (with("isuer", "a"), "did you mean `issuer`"),
    (with("require_expiry", "maybe"), "neither true nor false"),
  ]

  private static func with(_ key: String, _ value: Setting) -> Setting {
    .mapping([("keys", ["secret": ["env": "KEY"]]), (key, value)])
  }

  @Test(arguments: mistakes.indices) func mistakesAreTold(_ index: Int) {
    let (setting, text) = Self.mistakes[index]
    let error = #expect(throws: ConfigurationError.self) {
      try Rig(setting, environment: ["KEY": Self.secret, "SHORT": "abc"])
    }
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "no error")")
    #expect(error?.description.contains(Self.secret) != true)
  }

  @Test(arguments: [
    "https://id.example/jwks.json", "http://localhost:8080/k", "http://127.0.0.1/k", "http://127.1.2.3:1/k",
    "http://[::1]:80/k", "http://[::1]/k",
  ])
  func addresses(_ url: String) throws {
    #expect(try Rig(["keys": ["jwks": .text(url)]]).plugin.judge.keys.isRemote)
  }

  @Test func equalSettingsAreEqual() throws {
    func read(_ setting: Setting) -> AuthenticationSettings {
      AuthenticationSettings(
        reading: SettingsReader(setting.node, path: "", issues: IssueCollector(), environment: ["KEY": Self.secret]))
    }
    #expect(read(Self.with("leeway", "10s")) == read(Self.with("leeway", "10s")))
    #expect(read(Self.with("leeway", "10s")) != read(Self.with("leeway", "11s")))
    #expect(!"\(read(Self.with("leeway", "10s")))".contains("0123456789abcdef"))
  }
}
