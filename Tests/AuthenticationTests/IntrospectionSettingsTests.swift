import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct IntrospectionSettingsTests {
  private static func read(_ setting: Setting) throws -> IntrospectionSettings? {
    let issues = IssueCollector()
    let reader = SettingsReader(
      Setting.mapping([("introspect", setting)]).node, path: "authentication", issues: issues,
      environment: ["SECRET": "s", "BAD": "a b"])
    let decoded = AuthenticationSettings(reading: reader)
    reader.finish()
    if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
    return decoded.introspection
  }

  @Test func defaults() throws {
    let read = try #require(try Self.read(["api": "https://api.losant.com"]))
    #expect(read.endpoint == .api("https://api.losant.com", sendsDomain: true))
    #expect(read.remember == .seconds(30) && read.refused == .seconds(5) && read.timeout == .seconds(5))
    #expect(read.lastKnown == nil && read.mostWaiting == 1024 && read.mostRunning == 64)
  }

  @Test func everything() throws {
    let read = try #require(
      try Self.read([
        "rfc7662": "https://id.example/introspect?x=1", "client": ["id": "g", "secret": ["env": "SECRET"]],
        "hint": "access_token", "remember": "1m", "refused": "1s", "unreachable": ["last_known": "5m"],
        "timeout": "1s", "most_waiting": "10", "most_running": "2",
      ]))
    #expect(
      read.endpoint
        == .rfc7662(
          "https://id.example/introspect?x=1", .client(id: "g", secret: Secret(Array("s".utf8))), hint: "access_token"))
    #expect(read.lastKnown == 300_000_000_000)
    #expect(read.endpoint.name == "https://id.example/introspect", "a query may hold a secret")
    #expect(try Self.read(["rfc7662": "http://127.0.0.1:1/", "unreachable": "deny"])?.lastKnown == nil)
  }

  static let mistakes: [(Setting, String)] = [
    (.nothing, "is empty"), ([:], "names nobody to ask"), ("api", "expected a mapping"),
    (["api": "https://a.example", "rfc7662": "https://b.example"], "asks in two ways"),
    (["api": "http://api.example.com"], "tokens must not go over plain http"),
    (["rfc7662": "http://localhost.evil.example/"], "plain http"),
    (["rfc7662": "http://127.0.0.1@evil.example/"], "must not hold a password"),
    (["rfc7662": "https://u:p@id.example/"], "must not hold a password"),
    (["rfc7662": "id.example"], "is no address"), (["rfc7662": "https:///x"], "is no address"),
    (["rfc7662": "https://id.example/ x"], "is no address"), (["rfc7662": "https://id.example/#x"], "is no address"),
    (["api": "ftp://api.example.com"], "is no address"),
    (["api": "https://api.example.com/?x=1"], "no address of an API"),
    (["api": ""], "is empty"), (["api": .nothing], "is empty"),
    (["api": "https://a.example", "hint": "x"], "unknown key"),
    (["api": "https://a.example", "client": ["id": "g", "secret": ["env": "SECRET"]]], "unknown key"),
    (["rfc7662": "https://a.example", "domain": "true"], "unknown key"),
    (["rfc7662": "https://a.example", "hint": ""], "is empty"),
    (["rfc7662": "https://a.example", "client": .nothing], "is empty"),
    (["rfc7662": "https://a.example", "client": ["id": "g"]], "is missing"),
    (["rfc7662": "https://a.example", "client": ["id": "g", "secret": "s"]], "must not stand in the configuration"),
    (["rfc7662": "https://a.example", "client": ["secret": ["env": "SECRET"]]], "is missing"),
    (["rfc7662": "https://a.example", "token": .nothing], "is empty"),
    (["rfc7662": "https://a.example", "token": ["env": "BAD"]], "characters that no token has"),
    (["rfc7662": "https://a.example", "token": ["env": "NONE"]], "is not set"),
    (
      [
        "rfc7662": "https://a.example", "token": ["env": "SECRET"], "client": ["id": "g", "secret": ["env": "SECRET"]],
      ],
      "stands beside"
    ),
    (["api": "https://a.example", "unreachable": "allow"], "neither deny nor a time"),
    (["api": "https://a.example", "unreachable": .nothing], "neither deny nor a time"),
    (["api": "https://a.example", "unreachable": [:]], "says nothing"),
    (["api": "https://a.example", "unreachable": ["last_known": "2d"]], "out of range"),
    (["api": "https://a.example", "remember": "0s"], "out of range"),
    (["api": "https://a.example", "refused": "1h"], "out of range"),
    (["api": "https://a.example", "timeout": "1ms"], "out of range"),
    (["api": "https://a.example", "most_waiting": "0"], "out of range"),
    (["api": "https://a.example", "most_running": "100000"], "out of range"),
  ]

  @Test(arguments: mistakes.indices) func mistakesAreTold(_ index: Int) {
    let (setting, text) = Self.mistakes[index]
    let error = #expect(throws: ConfigurationError.self) { _ = try Self.read(setting) }
    #expect(error?.issues.contains { $0.message.contains(text) } == true, "\(error?.issues.map(\.message) ?? [])")
    #expect(error?.issues.allSatisfy { $0.hint != nil } == true)
  }

  @Test func somebodyMustVouchForTokens() {
    let error = #expect(throws: ConfigurationError.self) { try Rig([:]) }
    #expect(error?.issues.first?.hint?.contains("introspect") == true)
    #expect(throws: ConfigurationError.self) { try Rig(["keys": [], "introspect": ["api": "https://a.example"]]) }
  }
}
