import Foundation
import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import AccessLog

@Suite struct AccessLogLineTests {
  private let bench = Bench()

  private func line(_ exchange: Exchange) throws -> [String: Any] {
    var renderer = AccessLogLine()
    var bytes = Data()
    renderer.render(exchange) { bytes = Data($0) }
    #expect(bytes.last == 0x0A && bytes.filter { $0 == 0x0A }.count == 1)
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  @Test func saysWhatHappened() throws {
    let exchange = try bench.exchange(
      "GET /me/tokens?secret=1 HTTP/1.1", ["User-Agent: curl", "Authorization: Bearer hidden"], identity: .sample(5))
    exchange.setRequestID(UnsafeRawBufferPointer(start: nil, count: 0))
    exchange.cacheResult = "miss"
    exchange.limitMode = "open"
    exchange.shadowReason = "scope_insufficient"
    exchange.outcome.status = 502
    exchange.outcome.reason = "upstream_refused"
    exchange.outcome.started = 1_000_000
    exchange.outcome.finished = 3_500_999
    exchange.outcome.upstreamStarted = 1_100_000
    exchange.outcome.upstreamHead = 1_200_000
    exchange.outcome.endpoint = "10.0.0.1:80"
    exchange.outcome.requestBytes = 7
    exchange.outcome.responseBytes = UInt64(Int64.max)
    exchange.outcome.retries = 1
    let line = try line(exchange)
    #expect(line["ts"] as? String == "2026-11-23T16:00:00.000000Z")
    #expect(line["request_id"] as? String == exchange.requestID)
    #expect(line["domain"] as? String == "example.com")
    #expect(line["route"] as? String == "/me")
    #expect(line["operation"] is NSNull)
    #expect(line["method"] as? String == "GET")
    #expect(line["path"] as? String == "/me/tokens")
    #expect(line["status"] as? Int == 502)
    #expect(line["reason"] as? String == "upstream_refused")
    #expect(line["duration_us"] as? Int == 2500)
    #expect(line["upstream_us"] as? Int == 100)
    #expect(line["upstream"] as? String == "10.0.0.1:80")
    #expect(line["bytes_in"] as? Int == 7)
    #expect(line["bytes_out"] as? Int == Int.max)
    #expect(line["cache"] as? String == "miss")
    #expect(line["limit"] as? String == "open")
    #expect(line["shadow"] as? String == "scope_insufficient")
    #expect(line["token"] as? String == Identity.sample(5).fingerprint.shortText)
    #expect(line["subject"] as? String == "subject-5")
    #expect(line["client"] as? String == "192.0.2.1")
    #expect(line["user_agent"] as? String == "curl")
    #expect(line["retries"] as? Int == 1)
    #expect(line.count == 23)
    #expect(!line.values.contains { "\($0)".contains("hidden") || "\($0)".contains("secret") })
  }

  /// A request of the gateway's own has the line of the one that set it off, but for what came of it.
  @Test func marksWhatTheGatewayAsksForItself() throws {
    let exchange = try bench.exchange("GET /a?b HTTP/1.1", ["User-Agent: curl"], identity: .sample(5))
    #expect(try line(exchange)["background"] as? Bool == false)
    let own = Exchange(loop: bench.loop, peerAddress: "192.0.2.1", isSecure: false)
    own.repeatRequest(of: exchange)
    own.outcome.status = 304
    let line = try line(own)
    #expect(line["background"] as? Bool == true && line["status"] as? Int == 304)
    #expect(line["request_id"] as? String == exchange.requestID && line["path"] as? String == "/a")
    #expect(line["token"] as? String == Identity.sample(5).fingerprint.shortText)
    #expect(line["user_agent"] as? String == "curl")
  }

  @Test func saysNullWhereNothingIsKnown() throws {
    bench.loop.refresh()
    let line = try line(Exchange(loop: bench.loop, peerAddress: "", isSecure: false))
    for name in [
      "domain", "route", "operation", "reason", "cache", "limit", "shadow", "token", "subject", "upstream",
      "upstream_us",
      "user_agent",
    ] {
      #expect(line[name] is NSNull, "\(name)")
    }
    #expect(line.count == 23)
  }

  @Test func timestampsFollowTheClock() throws {
    let exchange = try bench.exchange()
    for (step, expected) in [
      (0, "2026-11-23T16:00:00.000000Z"), (1_999, "2026-11-23T16:00:00.000001Z"),
      (999_998_000, "2026-11-23T16:00:00.999999Z"),
      (1_000, "2026-11-23T16:00:01.000000Z"), (8_639_999_000_000_000, "2027-03-03T16:00:00.000000Z"),
    ] as [(Int64, String)] {
      bench.clock.advance(step / 1000 * 1000)
      bench.loop.refresh()
      #expect(try line(exchange)["ts"] as? String == expected)
    }
  }

  /// Whatever bytes a peer sends: one line, valid JSON, the same text as a lenient decoder reads.
  @Test(arguments: 0..<20)
  func anyBytes(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var writer = JSONLineWriter(capacity: 100_000)
    for _ in 0..<300 {
      let bytes = (0..<Int(random.next() % 60)).map { _ in
        random.next() % 3 == 0
          ? UInt8(
            [0x22, 0x5C, 0x0A, 0x7F, 0xC3, 0xA9, 0xED, 0xA0, 0xF4, 0x90, 0xE2, 0x80].randomElement(using: &random) ?? 0)
          : UInt8(truncatingIfNeeded: random.next())
      }
      writer.begin()
      writer.raw("{\"a\":")
      bytes.withUnsafeBytes { writer.string($0, atMost: 1000) }
      writer.end()
      var data = Data()
      writer.withBytes { data = Data($0) }
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
      #expect(data.filter { $0 < 0x20 }.count == 1)
      if let text = String(validating: bytes, as: UTF8.self) {
        #expect(object["a"]?.utf8.elementsEqual(text.utf8) == true)
      } else {
        #expect(object["a"]?.unicodeScalars.contains("\u{FFFD}") == true)
      }
    }
  }

  @Test func longestLine() throws {
    let evil = String(repeating: "\u{1}", count: 5000)
    bench.loop.refresh()
    let exchange = Exchange(loop: bench.loop, peerAddress: evil, isSecure: false)
    exchange.domain = DomainFacts(name: evil)
    exchange.route = RouteFacts(pattern: evil, methods: evil)
    exchange.identity = Identity(
      fingerprint: Fingerprint(1, 2, 3, 4), subject: evil, kind: evil, issuer: evil, tokenID: evil, scopes: [],
      scopesFingerprint: Fingerprint(1, 2, 3, 4), expiry: 0)
    exchange.outcome.endpoint = evil
    exchange.outcome.requestBytes = .max
    exchange.outcome.responseBytes = .max
    exchange.outcome.started = .min
    exchange.outcome.finished = .max
    exchange.outcome.retries = .min
    Array(evil.utf8).withUnsafeBytes { exchange.setRequestID($0) }
    let line = try line(exchange)
    #expect((line["subject"] as? String)?.utf8.count == AccessLogLine.longestText)
    #expect(line.count == 23)
  }

  @Test func aWriterNeverLeavesItsMemory() {
    var writer = JSONLineWriter(capacity: 64)
    for _ in 0..<100 { writer.member(",\"name\":", UInt64.max) }
    Array(repeating: UInt8(0), count: 500).withUnsafeBytes { writer.string($0, atMost: 500) }
    writer.withBytes { #expect($0.count == 64) }
  }
}

@Suite struct AccessLogPluginTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("access-log-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func lines(_ file: URL) throws -> [[String: Any]] {
    try Data(contentsOf: file).split(separator: 0x0A).map {
      try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
    }
  }

  @Test func writesReopensAndEnds() async throws {
    let bench = Bench()
    let file = folder.appendingPathComponent("access.json")
    let plugin: AccessLogPlugin = try bench.plugin(["file": .text(file.path)])
    try await plugin.start()
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode.map { $0 & ~0o640 } == 0)
    let filter = try #require(plugin.makeFilter(on: bench.loop) as? AccessLogFilter)
    for _ in 0..<3 { filter.observe(try bench.exchange("GET /one HTTP/1.1")) }
    await plugin.shutdown()
    #expect(try lines(file).count == 3)
    // Moved away: the next lines go to a new file of the old name.
    let moved = folder.appendingPathComponent("moved.json")
    try FileManager.default.moveItem(at: file, to: moved)
    for _ in 0..<2 { filter.observe(try bench.exchange("GET /two HTTP/1.1")) }
    await plugin.shutdown()
    #expect(try lines(moved).count == 3)
    #expect(try lines(file).map { $0["path"] as? String } == ["/two", "/two"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func loopsShareAFile() async throws {
    let bench = Bench()
    let file = folder.appendingPathComponent("shared.json")
    let plugins: [AccessLogPlugin] = try ["1", "1.0"].map {
      try bench.plugin(["file": .text(file.path), "sample": .text($0)])
    }
    await withTaskGroup(of: Void.self) { group in
      for plugin in plugins + plugins {
        group.addTask { @concurrent in
          let bench = Bench()
          guard let filter = plugin.makeFilter(on: bench.loop) as? AccessLogFilter else { return }
          for number in 0..<2000 {
            guard let exchange = try? bench.exchange("GET /\(number) HTTP/1.1") else { continue }
            filter.observe(exchange)
          }
        }
      }
    }
    for plugin in plugins { await plugin.shutdown() }
    let dropped = bench.environment.counters.snapshot().reduce(0) { $0 + Int($1.value) }
    #expect(try lines(file).count + dropped == 8000)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func dropsAndCountsWhatDoesNotFit() async throws {
    let bench = Bench()
    let fifo = folder.appendingPathComponent("pipe")
    #expect(mkfifo(fifo.path, 0o600) == 0)
    let reader = open(fifo.path, O_RDONLY | O_NONBLOCK)
    #expect(reader >= 0)
    let plugin: AccessLogPlugin = try bench.plugin(["file": .text(fifo.path), "buffer": .text("128KB")])
    try await plugin.start()
    let filter = try #require(plugin.makeFilter(on: bench.loop) as? AccessLogFilter)
    // Nobody reads: the pipe fills, then the buffer, and the loop goes on.
    for _ in 0..<5000 { filter.observe(try bench.exchange("GET /\(String(repeating: "x", count: 200)) HTTP/1.1")) }
    let dropped = bench.environment.counters.snapshot().reduce(0) { $0 + Int($1.value) }
    #expect(dropped > 1000 && dropped < 5000)
    close(reader)
    await plugin.shutdown()
    try FileManager.default.removeItem(at: folder)
  }

  @Test func aFileThatCannotBeOpenedFailsTheStart() async throws {
    let plugin: AccessLogPlugin = try Bench().plugin(["file": .text(folder.appendingPathComponent("no/such").path)])
    await #expect(throws: (any Error).self) { try await plugin.start() }
    try FileManager.default.removeItem(at: folder)
  }

  @Test func samplesSuccessesOnly() async throws {
    let bench = Bench()
    let file = folder.appendingPathComponent("sampled.json")
    let plugin: AccessLogPlugin = try bench.plugin(["file": .text(file.path), "sample": .text("0.25")])
    let filter = try #require(plugin.makeFilter(on: bench.loop) as? AccessLogFilter)
    for status in [200, 429] as [UInt16] {
      for _ in 0..<1000 {
        let exchange = try bench.exchange()
        exchange.outcome.status = status
        filter.observe(exchange)
      }
    }
    await plugin.shutdown()
    let statuses = try lines(file).compactMap { $0["status"] as? Int }
    #expect(statuses.count { $0 == 429 } == 1000)
    #expect((150...350).contains(statuses.count { $0 == 200 }))
    try FileManager.default.removeItem(at: folder)
  }

  @Test func settingsAreChecked() {
    for values in [
      ["sample": "2"], ["sample": "-0.1"], ["sample": "nan"], ["sample": "x"], ["buffer": "1KB"], ["file": ""],
      ["path": "x"],
    ] {
      #expect(throws: ConfigurationError.self) {
        let _: AccessLogSettings = try Bench().settings(values.mapValues { .text($0) })
      }
    }
  }
}
