import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@Suite struct ContractTests {
  @Test func additionsCannotBeginAFieldOfTheirOwn() {
    let harness = Values()
    harness.exchange.responseAdditions.add(name: "x-a", "one\r\nSet-Cookie: b\u{0}\u{7f}\tend".utf8)
    harness.exchange.responseAdditions.add(.xRequestID, "id".utf8)
    let lines = String(buffer: harness.exchange.responseAdditions.lines)
    #expect(lines.lowercased() == "x-a: one  set-cookie: b  \tend\r\nx-request-id: id\r\n")
    #expect(harness.exchange.responseAdditions.names.contains(.xRequestID))
  }

  @Test func additionsCanBeTakenBack() {
    let exchange = Values().exchange
    exchange.requestAdditions.add(name: "x-a", "If-None-Match: 1".utf8)
    exchange.requestAdditions.add(.ifNoneMatch, "\"1\"".utf8)
    exchange.requestAdditions.add(.ifModifiedSince, "never".utf8)
    exchange.requestAdditions.add(rendered: ByteBuffer(string: "if-none-match: \"2\"\r\nX-B: 2\r\n"))
    exchange.requestAdditions.remove([.ifNoneMatch, .etag])
    let lines = String(buffer: exchange.requestAdditions.lines)
    #expect(lines.lowercased() == "x-a: if-none-match: 1\r\nif-modified-since: never\r\nx-b: 2\r\n")
    #expect(exchange.requestAdditions.names == [.ifModifiedSince])
  }

  @Test func makesARequestIDOnceAndForgetsItAtTheEnd() {
    let exchange = Values().exchange
    let first = exchange.requestID
    #expect(first.count == 32 && first.allSatisfy(\.isHexDigit))
    #expect(exchange.requestID == first)
    exchange.reset()
    #expect(exchange.requestID != first)
    Array("mine".utf8).withUnsafeBytes { exchange.setRequestID($0) }
    #expect(exchange.requestID == "mine")
  }

  @Test func resetForgetsEverything() {
    let exchange = Values().exchange
    exchange.domain = DomainFacts(name: "example.com")
    exchange.route = RouteFacts(pattern: "*", methods: "*")
    exchange.identity = Values.identity(["a"])
    exchange.cacheResult = "hit"
    exchange.effectiveScopes = exchange.identity?.effectiveScopes(in: ScopeUniverse(["a"]))
    exchange.shadowReason = "scope_insufficient"
    exchange.requestAdditions.add(name: "x-a", "1".utf8)
    exchange.replyInProgress = Reply(refusing: 403, "no", message: "no")
    exchange.reset()
    #expect(exchange.domain == nil && exchange.route == nil && exchange.identity == nil && exchange.cacheResult == nil)
    #expect(exchange.effectiveScopes == nil && exchange.shadowReason == nil)
    #expect(exchange.requestAdditions.lines.readableBytes == 0 && exchange.replyInProgress == nil)
  }

  @Test func scopeSetsMeanTheScopes() {
    let universe = ScopeUniverse((0..<200).map { "scope.\($0)" } + ["all.User"])
    #expect(universe.count == 201)
    let set = universe.set(of: ["scope.3", "scope.199", "unknown"])
    #expect(set.intersects(universe.set(of: ["scope.199"])))
    #expect(!set.intersects(universe.set(of: ["scope.198", "all.User"])))
    #expect(set.contains(universe.set(of: ["scope.3"])) && !set.contains(universe.set(of: ["scope.3", "scope.4"])))
    #expect(universe.set(of: ["unknown"]).isEmpty)
    // The Kelvin sign is another name than the letter K.
    #expect(ScopeUniverse(["K"]).set(of: ["\u{212A}"]).isEmpty)
  }

  @Test func identitiesRememberSetsPerUniverse() {
    let identity = Values.identity(["b"])
    for _ in 0..<10 {
      let universe = ScopeUniverse(["a", "b"])
      #expect(identity.effectiveScopes(in: universe).set.intersects(universe.set(of: ["b"])))
      #expect(!identity.effectiveScopes(in: universe).set.intersects(universe.set(of: ["a"])))
    }
  }

  @Test func countersAreOnePerNameAndLabels() {
    let registry = CounterRegistry()
    registry.counter("a_total", help: "A.", labels: [("k", "1")]).add()
    registry.counter("a_total", help: "A.", labels: [("k", "1")]).add(2)
    registry.counter("a_total", help: "A.", labels: [("k", "2")]).add()
    #expect(registry.snapshot().map(\.value) == [3, 1])
    #expect(registry.snapshot().map(\.key.labels) == ["k=\"1\"", "k=\"2\""])
  }

  /// Gauges are read when they are shown; of several of one name the largest counts, and what is gone shows nothing.
  @Test func gaugesAreReadWhenShown() {
    let registry = CounterRegistry()
    let (first, second) = (registry.counter("x", help: ""), registry.counter("y", help: ""))
    registry.gauge("b_seconds", help: "B.") { Int64(first.current) }
    registry.gauge("b_seconds", help: "B.") { Int64(second.current) }
    registry.gauge("a_seconds", help: "A.", labels: [("k", "1")]) { -5 }
    registry.gauge("gone_seconds", help: "G.") { nil }
    first.add(2)
    second.add(7)
    let shown = registry.gaugeSnapshot()
    #expect(shown.map(\.key.name) == ["a_seconds", "b_seconds"])
    #expect(shown.map(\.key.labels) == ["k=\"1\"", ""])
    #expect(shown.map(\.value) == [-5, 7])
    first.add(10)
    #expect(registry.gaugeSnapshot().map(\.value) == [-5, 12])
  }

  @Test func fingerprintsShowTheirFirstBytes() {
    let fingerprint = Fingerprint(digest: (0..<32).map { UInt8($0) })
    #expect(fingerprint.shortText == "0001020304050607")
    #expect(fingerprint == Fingerprint(digest: (0..<40).map { UInt8($0) }))
    #expect(fingerprint != Fingerprint(digest: (1..<33).map { UInt8($0) }))
  }
}

/// An exchange on a loop of its own.
private struct Values {
  let exchange: Exchange

  init() { exchange = Exchange(loop: TestLoop.make(), peerAddress: "192.0.2.1", isSecure: false) }

  static func identity(_ scopes: [String]) -> Identity {
    Identity(
      fingerprint: Fingerprint(1, 2, 3, 4), subject: "s", kind: "apiToken", issuer: "i", tokenID: "t", scopes: scopes,
      scopesFingerprint: Fingerprint(5, 6, 7, 8), expiry: .max)
  }
}
