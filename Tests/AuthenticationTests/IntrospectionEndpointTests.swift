import Foundation
import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import Authentication
@testable import GatewayKit

/// An endpoint as RFC 7662 describes it is asked: a real server, a clock that the test moves.
@Suite(.timeLimit(.minutes(1))) struct IntrospectionEndpointTests {
  static let secret = "s3cr:t /+"

  static func settings(_ server: IntrospectionServer, _ more: [(String, Setting)] = []) -> Setting {
    let own: [(String, Setting)] = [
      ("rfc7662", .text(server.url)), ("client", ["id": "gate house", "secret": ["env": "SECRET"]]),
    ]
    return .mapping([("introspect", .mapping(own + more))])
  }

  static let good = #"{"active":true,"sub":"u","scope":"b a b","iss":"id.example","jti":"7"}"#

  func with(
    _ body: String, _ more: [(String, Setting)] = [], loops: Int = 1,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ test: (Visitor, IntrospectionServer) async throws -> Void
  ) async throws {
    try await IntrospectionServer.run({ _ in .init(body: body) }) { (server: IntrospectionServer) async throws in
      try await Visitor.run(
        Self.settings(server, more), environment: ["SECRET": Self.secret], loops: loops, logger: logger
      ) { (visitor: Visitor) async throws in try await test(visitor, server) }
    }
  }

  @Test func whatTheEndpointIsAsked() async throws {
    try await with(Self.good, [("hint", "access_token")]) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("a+/=") == "next")
      let request = try #require(server.requests.first)
      #expect(request.method == .POST)
      #expect(request.target == "/introspect")
      #expect(request.headers["content-type"] == ["application/x-www-form-urlencoded"])
      #expect(request.headers["accept"] == ["application/json"])
      let pair = Data("gate+house:s3cr%3At+%2F%2B".utf8).base64EncodedString()
      #expect(request.headers["authorization"] == ["Basic \(pair)"])
      #expect(request.body == "token=a%2B%2F%3D&token_type_hint=access_token")
    }
  }

  @Test func aTokenOfTheGatewaysOwn() async throws {
    try await IntrospectionServer.run({ _ in .init(body: Self.good) }) { (server: IntrospectionServer) async throws in
      let setting: Setting = ["introspect": ["rfc7662": .text(server.url), "token": ["env": "OWN"]]]
      try await Visitor.run(setting, environment: ["OWN": "own"]) { (visitor: Visitor) async throws in
        #expect(try await visitor.reason("t") == "next")
        #expect(server.requests.first?.headers["authorization"] == ["Bearer own"])
      }
    }
  }

  @Test func theClaimsAreTheFacts() async throws {
    try await with(Self.good) { (visitor: Visitor, server: IntrospectionServer) async throws in
      let judgement = try await visitor.judge("opaque")
      let identity = try #require(judgement.identity)
      #expect(identity.subject == "u" && identity.issuer == "id.example" && identity.tokenID == "7")
      #expect(identity.scopes == ["a", "b"])
      #expect(identity.expiry == .max)
      let other = try await visitor.judge("opaque2")
      #expect(other.identity?.fingerprint != identity.fingerprint)
      #expect(try await visitor.judge("opaque").identity === identity, "a hit makes nothing new")
      #expect(server.requests.count == 2)
    }
  }

  /// The signed part stands for a JWT, so that another spelling of its signature is no other caller.
  @Test func fingerprintsOfSignedTokens() async throws {
    let token = Signer.ed25519.token(#"{"sub":"u"}"#)
    let spoilt = String(decoding: ApiEndpoint.spoilt(Array(token.utf8)), as: UTF8.self)
    try await with(Self.good) { (visitor: Visitor, _: IntrospectionServer) async throws in
      let one = try await visitor.judge(token).identity
      #expect(one != nil)
      #expect(try await visitor.judge(spoilt).identity?.fingerprint == one?.fingerprint)
    }
  }

  /// The body of a 200 and what becomes of the token.
  static let answers: [(String, String)] = [
    (#"{"active":false}"#, "token_inactive"), (#"{"active":false,"scope":"all.User"}"#, "token_inactive"),
    (#"{"active":"true"}"#, "introspection_unavailable"), (#"{"active":1}"#, "introspection_unavailable"),
    (#"{"active":null}"#, "introspection_unavailable"), (#"{"active":[true]}"#, "introspection_unavailable"),
    (#"{}"#, "introspection_unavailable"), (#"{"Active":true}"#, "introspection_unavailable"),
    (#"{"active":false,"active":true}"#, "introspection_unavailable"),
    (#"{"active":true,"sub":"a","sub":"b"}"#, "introspection_unavailable"),
    (#"{"active":true} {}"#, "introspection_unavailable"), (#"[{"active":true}]"#, "introspection_unavailable"),
    (#"true"#, "introspection_unavailable"), ("", "introspection_unavailable"),
    (#"{"active":true"#, "introspection_unavailable"), (#"{'active':true}"#, "introspection_unavailable"),
    (#"{"active":true,"exp":"soon"}"#, "token_malformed"), (#"{"active":true,"sub":7}"#, "token_malformed"),
    (#"{"active":true,"scope":{"a":1}}"#, "token_malformed"), (#"{"active":true,"exp":1}"#, "token_expired"),
    (#"{"active":true,"nbf":4102444800}"#, "token_not_yet_valid"),
    (#"{"active":true,"token_type":"Bearer"}"#, "next"), (#"{"active":true,"token_type":"bearer"}"#, "next"),
    (#"{"active":true,"token_type":"access_token"}"#, "next"),
    (#"{"active":true,"token_type":"DPoP"}"#, "token_inactive"),
    (#"{"active":true,"token_type":"Refresh"}"#, "token_inactive"),
    (#"{"active":true,"token_type":1}"#, "token_inactive"),
    (#"{"active":true,"exp":4102444800.5,"client_id":"c","username":null}"#, "next"),
    (#"{"active":true,"x":"\#(String(repeating: "y", count: 70_000))"}"#, "introspection_unavailable"),
  ]

  @Test(arguments: answers.indices) func answersAreReadStrictly(_ index: Int) async throws {
    let (body, reason) = Self.answers[index]
    try await with(body) { (visitor: Visitor, _: IntrospectionServer) async throws in
      let judgement = try await visitor.judge("opaque")
      #expect(judgement.text == reason)
      #expect((judgement.identity != nil) == (reason == "next"))
    }
  }

  @Test(arguments: [201, 204, 301, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503])
  func onlyA200Counts(_ status: Int) async throws {
    try await with(Self.good) { (visitor: Visitor, server: IntrospectionServer) async throws in
      server.answer { request in
        request.target == "/introspect"
          ? .init(status: .init(statusCode: status), body: Self.good, location: "\(server.base)/other")
          : .init(body: Self.good)
      }
      let judgement = try await visitor.judge("opaque")
      #expect(judgement.text == "introspection_unavailable")
      #expect(judgement.status == 503)
      #expect(server.requests.count == 1, "no redirect is followed")
    }
  }

  @Test func theRulesForClaimsHold() async throws {
    try await IntrospectionServer.run({ _ in .init(body: Self.good) }) { (server: IntrospectionServer) async throws in
      for (key, value, reason): (String, Setting, String) in [
        ("issuer", "other", "token_issuer_unknown"), ("audience", "me", "token_audience_wrong"),
        ("require_expiry", "true", "token_expiry_missing"), ("domain_claim", "iss", "token_wrong_domain"),
        ("scope_claim", "jti", "next"),
      ] {
        let setting: Setting = .mapping([("introspect", ["rfc7662": .text(server.url)]), (key, value)])
        try await Visitor.run(setting) { (visitor: Visitor) async throws in
          let judgement = try await visitor.judge("opaque")
          #expect(judgement.text == reason)
          if reason == "next" { #expect(judgement.identity?.scopes == ["7"]) }
        }
      }
    }
  }

  @Test(arguments: ["a b", "a=b", "=", "a\"b", "a,b", "ä", "a%20b", "a\\b"])
  func tokensOfAnotherFormAreNotSent(_ token: String) async throws {
    try await with(Self.good) { (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason(token) == "token_malformed")
      #expect(try await visitor.reason(String(repeating: "a", count: 9000)) == "token_too_large")
      #expect(server.requests.isEmpty)
    }
  }

  /// With keys the claims are the token's own; the endpoint can only end it.
  @Test func keysAndAnEndpoint() async throws {
    let token = Signer.secret.token(#"{"sub":"of the token","scope":"few"}"#)
    try await IntrospectionServer.run({ _ in
      .init(body: #"{"active":true,"sub":"other","scope":"all.User","exp":\#(TestClock.begin + 60)}"#)
    }) { (server: IntrospectionServer) async throws in
      let setting: Setting = [
        "keys": ["secret": ["env": "KEY"], "kid": "oct"], "leeway": "0s",
        "introspect": ["rfc7662": .text(server.url), "remember": "1h"],
      ]
      try await Visitor.run(setting, environment: ["KEY": "0123456789abcdef0123456789abcdef"]) {
        (visitor: Visitor) async throws in
        #expect(try await visitor.reason("opaque") == "token_malformed")
        #expect(try await visitor.reason(Signer.ed25519.token("{}")) == "token_key_unknown")
        #expect(server.requests.isEmpty, "forged tokens never reach the network")
        let identity = try await visitor.judge(token).identity
        #expect(identity?.subject == "of the token" && identity?.scopes == ["few"])
        visitor.clock.advance(seconds: 59)
        #expect(try await visitor.reason(token) == "next")
        visitor.clock.advance(seconds: 1)
        #expect(try await visitor.reason(token) == "token_expired", "the endpoint's own exp")
        #expect(server.requests.count == 1)
      }
    }
  }

  /// What one client sends may fail while others are answered: no line in the log for each of its requests.
  @Test func failuresBetweenAnswersAreToldOnceInAWhile() {
    let lines = Lines()
    let log = EndpointLog(Logger(label: "t") { _ in lines }, endpoint: "e")
    for number in 0..<1000 {
      log.failed(EndpointProblem(status: 400), at: Int64(number) * 1_000_000)
      log.answered()
    }
    #expect(lines.all.count == 2)
    log.failed(EndpointProblem(status: 400), at: 11_000_000_000)
    log.answered()
    #expect(lines.all.count == 4)
  }

  /// Neither a token nor a secret nor an answer is told.
  @Test func theLogTellsNothing() async throws {
    let lines = Lines()
    let answer = #"{"active":"confidential"}"#
    try await with(answer, logger: Logger(label: "t") { _ in lines }) {
      (visitor: Visitor, server: IntrospectionServer) async throws in
      #expect(try await visitor.reason("top-token") == "introspection_unavailable")
      server.answer("confidential", status: .unauthorized)
      visitor.clock.advance(seconds: 11)
      #expect(try await visitor.reason("top-token") == "introspection_unavailable")
      visitor.clock.advance(seconds: 2)
      #expect(try await visitor.reason("top-token") == "introspection_unavailable")
      server.answer(Self.good)
      visitor.clock.advance(seconds: 2)
      #expect(try await visitor.reason("top-token") == "next")
      let text = lines.all.joined(separator: "\n")
      #expect(text.contains("the gateway's own credentials"))
      #expect(text.contains("introspected again"))
      #expect(lines.all.count == 3, "a failure that goes on is told once in a while")
      for secret in ["top-token", "s3cr", "confidential", "Basic"] { #expect(!text.contains(secret)) }
    }
  }
}

/// Keeps what is logged.
final class Lines: LogHandler, Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  var metadata: Logger.Metadata {
    get { [:] }
    set { _ = newValue }
  }
  var logLevel: Logger.Level {
    get { .trace }
    set { _ = newValue }
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set { _ = newValue }
  }

  func log(event: LogEvent) {
    lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
  }
}
