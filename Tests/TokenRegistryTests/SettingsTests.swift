import Testing

@testable import GatewayKit
@testable import TokenRegistry

@Suite struct SettingsTests {
  @Test func defaults() throws {
    let settings = try settings()
    #expect(settings.api == "https://api.losant.com" && settings.domain == nil && settings.unlisted == .owner)
    #expect(settings.interval == .seconds(10) && settings.fullEvery == .seconds(60) && settings.mostTokens == 100_000)
    #expect(settings.maxAge == .seconds(300) && settings.token?.file == nil)
    #expect(try TokenRegistryTests.settings([("interval", "1h")]).maxAge == .seconds(3 * 3600))
    #expect(try TokenRegistryTests.settings([("max_age", "unlimited")]).maxAge == nil)
  }

  @Test func equalSettingsAreEqual() throws {
    #expect(try settings() == settings())
    #expect(try settings() != settings([("domain", "example.com")]))
    #expect(try settings() != settings(environment: ["TOKEN": "other"]))
  }

  @Test func aTokenInAFile() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("token", "a.b.c\n")
    let settings = try settings(token: ("file", file))
    #expect(settings.token?.file == file && settings.token?.secret.text == "a.b.c")
    #expect(!"\(settings)".contains("a.b.c"))
  }

  @Test(arguments: ["https://api.losant.com", "https://api.example/base/", "http://127.0.0.1:80", "http://localhost/x"])
  func addressesThatAreTaken(address: String) throws {
    #expect(try settings([("api", address)]).api == address)
  }

  @Test(arguments: [
    ("api", "http://api.losant.com"), ("api", "HTTP://api.losant.com"), ("api", "https://user:pw@api.losant.com"),
    ("api", "http://127.0.0.1@evil.example"), ("api", "http://127.0.0.1.evil.example"), ("api", "api.losant.com"),
    ("api", "ftp://api.losant.com"), ("api", "https://api.losant.com?x=1"), ("api", ""),
    ("domain", ""), ("domain", "a b"), ("domain", "ex\u{E4}mple"), ("interval", "999ms"), ("interval", "61m"),
    ("unlisted", "refuse"), ("max_age", "19s"), ("max_age", "31d"), ("most_tokens", "0"), ("most_tokens", "1000001"),
    ("full_every", "0s"), ("full_every", "25h"), ("every", "1m"),
  ])
  func settingsThatAreNotTaken(line: (String, String)) {
    #expect(throws: ConfigurationError.self) { try settings([line]) }
  }

  @Test func tokensThatAreNotTaken() throws {
    let folder = try TemporaryFolder()
    #expect(throws: ConfigurationError.self) { try settings(token: nil) }
    #expect(throws: ConfigurationError.self) { try settings(token: ("env", "NONE")) }
    #expect(throws: ConfigurationError.self) { try settings(token: ("file", "\(folder.path)/none")) }
    #expect(throws: ConfigurationError.self) { try settings(environment: ["TOKEN": "a b"]) }
    #expect(throws: ConfigurationError.self) { try settings(environment: ["TOKEN": "a\r\nb"]) }
    let file = try folder.write("two", "a.b.c\nd.e.f\n")
    #expect(throws: ConfigurationError.self) { try settings(token: ("file", file)) }
  }
}
