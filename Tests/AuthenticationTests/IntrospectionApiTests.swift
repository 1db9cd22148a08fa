import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Testing
import TokenService
import UserApiTokens

@testable import Authentication
@testable import GatewayKit

/// The API itself is asked: the embedded token service, and servers that only look like it.
@Suite(.timeLimit(.minutes(1))) struct IntrospectionApiTests {
  private struct House: Sendable {
    let service: TokenService
    let base: String
    let client: UserApiTokensClient
    let user: TokenServiceUser

    func token(_ scopes: [String], for user: TokenServiceUser? = nil, expires: Date? = nil) async throws -> IssuedToken
    {
      try await service.issueToken(for: user ?? self.user, name: "t", scopes: scopes, expirationDate: expires)
    }

    func text(_ scopes: [String]) async throws -> String { try await token(scopes).secret.reveal() }
  }

  private func withHouse(_ test: (House) async throws -> Void) async throws {
    var configuration = TokenService.Configuration(issuer: "example.com")
    configuration.now = { Date(timeIntervalSince1970: Double(TestClock.begin)) }
    let service = try await TokenService(
      configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let user = try service.seedUser(name: "ann")
    let admin = try await service.issueToken(for: user, name: "admin", scopes: ["all.User"])
    try await service.withRunning { address in
      let base = "http://127.0.0.1:\(address.port ?? 0)"
      let client = UserApiTokensClient(
        configuration: try .init(baseURL: base), tokens: StaticToken(admin.secret), httpClient: .shared)
      try await test(House(service: service, base: base, client: client, user: user))
    }
  }

  private func settings(_ base: String, _ more: [(String, Setting)] = []) -> Setting {
    .mapping([("introspect", .mapping([("api", .text(base))] + more))])
  }

  @Test func aGoodTokenIsAskedAboutOnce() async throws {
    try await withHouse { (house: House) async throws in
      let token = try await house.text(["all.User.read", "b", "a"])
      try await Visitor.run(settings(house.base)) { (visitor: Visitor) async throws in
        for _ in 0..<3 {
          let judgement = try await visitor.judge(token)
          #expect(judgement.text == "next")
          #expect(judgement.identity?.scopes == ["a", "all.User.read", "b"])
          #expect(judgement.identity?.subject == house.user.id)
          #expect(judgement.identity?.issuer == "example.com")
        }
        #expect(visitor.asked == [1, 0, 0])
        #expect(visitor.introspector?.counters.hits.current == 2)
      }
    }
  }

  /// The API verifies a token before it judges scopes, so its 403 says that the token is good.
  @Test func aTokenThatMayNotListTokensIsGood() async throws {
    try await withHouse { (house: House) async throws in
      let token = try await house.text(["devices.get"])
      try await Visitor.run(settings(house.base)) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token) == "next")
        let forged = String(decoding: ApiEndpoint.spoilt(Array(token.utf8)), as: UTF8.self)
        #expect(forged != token)
        #expect(try await visitor.reason(forged) == "token_inactive")
        #expect(visitor.asked == [1, 1, 0])
      }
    }
  }

  @Test func forgedTokensAreRefusedAndRememberedForAShortTime() async throws {
    try await withHouse { (house: House) async throws in
      let token = try await house.text(["all.User"])
      let forged = String(decoding: ApiEndpoint.spoilt(Array(token.utf8)), as: UTF8.self)
      let foreign = Signer.ed25519.token(#"{"sub":"u","iss":"example.com","scope":["all.User"]}"#)
      try await Visitor.run(settings(house.base)) { (visitor: Visitor) async throws in
        for bad in [forged, foreign] {
          let judgement = try await visitor.judge(bad)
          #expect(judgement.text == "token_inactive")
          #expect(judgement.status == 401)
          #expect(judgement.identity == nil)
          #expect(judgement.fields.contains("invalid_token"))
        }
        #expect(try await visitor.reason(forged) == "token_inactive")
        #expect(visitor.asked == [0, 2, 0])
        visitor.clock.advance(seconds: 5)
        #expect(try await visitor.reason(forged) == "token_inactive")
        #expect(visitor.asked == [0, 3, 0])
      }
    }
  }

  @Test(arguments: ["inactive", "deleted"]) func whatIsWithdrawnEndsWithTheAnswer(_ how: String) async throws {
    try await withHouse { (house: House) async throws in
      let issued = try await house.token(["all.User"])
      let token = issued.secret.reveal()
      try await Visitor.run(settings(house.base, [("remember", "20s")])) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token) == "next")
        if how == "deleted" {
          _ = try await house.client.userApiToken.delete(apiTokenId: issued.record.id)
        } else {
          _ = try await house.client.userApiToken.patch(apiTokenId: issued.record.id, .init(status: .inactive))
        }
        visitor.clock.advance(seconds: 14)
        #expect(try await visitor.reason(token) == "next", "the answer is still used")
        visitor.clock.advance(seconds: 6)
        #expect(try await visitor.reason(token) == "token_inactive")
        #expect(visitor.asked == [1, 1, 0])
      }
    }
  }

  /// The API's answer depends on the domain, so it is kept for that domain alone.
  @Test func aTokenOfOneDomainIsNoneOfAnother() async throws {
    try await withHouse { (house: House) async throws in
      let other = try house.service.seedUser(name: "bob", domain: "tenant.example")
      let token = try await house.token(["all.User"], for: other).secret.reveal()
      try await Visitor.run(settings(house.base)) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token, domain: "tenant.example") == "next")
        #expect(try await visitor.reason(token, domain: "example.com") == "token_inactive")
        #expect(try await visitor.reason(token, domain: "tenant.example") == "next")
        #expect(visitor.asked == [1, 1, 0])
      }
      try await Visitor.run(settings(house.base, [("domain", "false")])) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token, domain: "example.com") == "next", "the API was told no domain")
      }
      let bound: Setting = ["introspect": ["api": .text(house.base), "domain": "false"], "domain_claim": "iss"]
      try await Visitor.run(bound) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token, domain: "example.com") == "token_wrong_domain")
        #expect(visitor.asked == [0, 0, 0], "what will not do is not asked about")
      }
    }
  }

  @Test func whatWillNotDoIsNotAskedAbout() async throws {
    try await withHouse { (house: House) async throws in
      let past = Date(timeIntervalSince1970: Double(TestClock.begin) + 5)
      let ending = try await house.token(["all.User"], expires: past).secret.reveal()
      let whole: Setting = [
        "introspect": ["api": .text(house.base)], "issuer": "example.com", "leeway": "0s", "algorithms": "EdDSA",
      ]
      try await Visitor.run(whole) { (visitor: Visitor) async throws in
        for bad in ["x", "x.y.z", "opaque", Signer.ed25519.token("[]"), Signer.ed25519.token(#"{"a":1,"a":2}"#)] {
          #expect(try await visitor.reason(bad) == "token_malformed")
        }
        #expect(try await visitor.reason(Signer.ed25519.token(#"{"iss":"other"}"#)) == "token_issuer_unknown")
        let none = Signer.ed25519.token(header: #"{"alg":"none"}"#, claims: #"{"iss":"example.com"}"#)
        #expect(try await visitor.reason(none) == "token_algorithm_refused")
        #expect(
          try await visitor.reason(Signer.rsa.token(#"{"iss":"example.com"}"#)) == "token_algorithm_refused")
        #expect(try await visitor.reason(String(repeating: "a", count: 9000)) == "token_too_large")
        #expect(visitor.asked == [0, 0, 0])
        #expect(try await visitor.reason(ending) == "next")
        visitor.clock.advance(seconds: 5)
        #expect(try await visitor.reason(ending) == "token_expired", "no answer outlives the token")
        #expect(visitor.asked == [1, 0, 0])
      }
    }
  }

  /// Forged tokens stop at the key; the API tells which good ones were withdrawn.
  @Test func withKeysTheApiHearsOfGoodTokensOnly() async throws {
    try await withHouse { (house: House) async throws in
      let issued = try await house.token(["all.User"])
      let token = issued.secret.reveal()
      let both: Setting = [
        "keys": ["jwks": .text("\(house.base)/.well-known/jwks.json")], "introspect": ["api": .text(house.base)],
      ]
      try await Visitor.run(both) { (visitor: Visitor) async throws in
        let forged = String(decoding: ApiEndpoint.spoilt(Array(token.utf8)), as: UTF8.self)
        #expect(try await visitor.reason(forged) == "token_signature_invalid")
        #expect(visitor.asked == [0, 0, 0])
        let judgement = try await visitor.judge(token)
        #expect(judgement.text == "next")
        #expect(judgement.identity?.scopes == ["all.User"])
        #expect(try await visitor.reason(token) == "next")
        #expect(visitor.asked == [1, 0, 0])
        _ = try await house.client.userApiToken.delete(apiTokenId: issued.record.id)
        visitor.clock.advance(seconds: 30)
        #expect(try await visitor.reason(token) == "token_inactive")
      }
    }
  }

  /// What is no answer of the API makes no token good.
  static let strange: [(String, IntrospectionServer.Answer, String)] = [
    ("a proxy's 403", .init(status: .forbidden, body: "<html>denied</html>"), "introspection_unavailable"),
    ("another form", .init(status: .forbidden, body: #"{"error":"Forbidden"}"#), "introspection_unavailable"),
    ("another type", .init(status: .forbidden, body: #"{"type":"AccountLocked"}"#), "introspection_unavailable"),
    ("a number", .init(status: .forbidden, body: #"{"type":1}"#), "introspection_unavailable"),
    (
      "403 to all", .init(status: .forbidden, body: #"{"type":"Forbidden","message":"Access is forbidden"}"#),
      "introspection_unavailable"
    ),
    ("an empty 200", .init(body: ""), "introspection_unavailable"),
    ("another 200", .init(body: #"{"ok":true}"#), "introspection_unavailable"),
    ("no JSON", .init(body: "<html>welcome</html>"), "introspection_unavailable"),
    ("204", .init(status: .noContent, body: ""), "introspection_unavailable"),
    ("a redirect", .init(status: .found, body: "", location: "/elsewhere"), "introspection_unavailable"),
    ("404", .init(status: .notFound, body: #"{"type":"NotFound"}"#), "introspection_unavailable"),
    ("429", .init(status: .tooManyRequests, body: "{}"), "introspection_unavailable"),
    ("500", .init(status: .internalServerError, body: "{}"), "introspection_unavailable"),
    ("huge", .init(body: String(repeating: " ", count: 600 << 10)), "introspection_unavailable"),
    ("cut off", .init(body: "{", missing: 100), "introspection_unavailable"),
    ("401", .init(status: .unauthorized, body: "no"), "token_inactive"),
  ]

  @Test(arguments: strange.indices) func otherAnswers(_ index: Int) async throws {
    let (name, answer, reason) = Self.strange[index]
    try await IntrospectionServer.run({ _ in answer }) { (server: IntrospectionServer) async throws in
      // Only what never comes is not waited for.
      let settings = settings(server.base, [("timeout", name == "cut off" ? "500ms" : "20s")])
      try await Visitor.run(settings) { (visitor: Visitor) async throws in
        let judgement = try await visitor.judge(Signer.ed25519.token(#"{"sub":"u"}"#))
        #expect(judgement.text == reason, "\(name)")
        #expect(judgement.identity == nil)
        #expect(judgement.status == (reason == "token_inactive" ? 401 : 503))
        if judgement.status == 503 { #expect(judgement.fields == "Retry-After: 1\r\n") }
        #expect(!server.requests.contains { $0.target.contains("elsewhere") }, "no redirect is followed")
      }
    }
  }

  @Test func whatTheApiIsAsked() async throws {
    let token = Signer.ed25519.token(#"{"sub":"u"}"#)
    try await IntrospectionServer.run({ request in
      let isSpoilt = request.headers.first(name: "authorization") != "Bearer \(token)"
      return isSpoilt
        ? .init(status: .unauthorized, body: "{}")
        : .init(status: .forbidden, body: #"{"type":"Forbidden","message":"Access is forbidden"}"#)
    }) { (server: IntrospectionServer) async throws in
      try await Visitor.run(settings("\(server.base)/v1/")) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason(token) == "next")
        let request = try #require(server.requests.first)
        #expect(request.method == .GET)
        #expect(request.target.hasPrefix("/v1/me/tokens?"))
        #expect(request.target.contains("perPage=1"))
        #expect(request.headers.first(name: "losantdomain") == "example.com")
        #expect(server.requests.count == 2, "a 403 counts only where a forged token gets 401")
      }
    }
  }
}
