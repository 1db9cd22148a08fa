import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import RateLimiting

/// What requests cost, before and after their answer.
@Suite struct CostTests {
  private func remaining(_ exchange: Exchange) -> Int? {
    exchange.addedFields.firstRange(of: "r=").flatMap { range in
      Int(exchange.addedFields[range.upperBound...].prefix { $0.isNumber })
    }
  }

  /// What is left when nothing more is taken.
  private func left(_ rig: Rig) throws -> Int? {
    let exchange = try rig.exchange()
    guard rig.ask(exchange) == nil else { return 0 }
    return remaining(exchange).map { $0 + 1 }
  }

  @Test func routesOfOneRuleShareAnAllowance() throws {
    let memory = MemoryLimitStore()
    let cheap = try Rig("{ rate: 10/h }", memory: memory)
    let dear = try Rig("{ rate: 10/h, cost: 4 }", memory: memory)
    #expect(try dear.ask() == nil)
    #expect(try left(cheap) == 6)
    #expect(try dear.ask() == nil)
    #expect(try dear.ask() == 429)
    #expect(try cheap.passing(5) == 1)
  }

  @Test func sizeCounts() throws {
    let rig = try Rig("{ rate: 100/h, cost: { base: 1, per: 1KB, most: 50 } }")
    #expect(rig.ask(try rig.exchange("POST / HTTP/1.1", ["Content-Length: 2049"])) == nil)
    #expect(try left(rig) == 96)
    #expect(rig.ask(try rig.exchange("POST / HTTP/1.1", ["Content-Length: 104857600"])) == nil)
    #expect(try left(rig) == 45)
  }

  @Test func contentOfUnknownLengthIsPaidForAtTheEnd() throws {
    let rig = try Rig("{ rate: 100/h, cost: { base: 1, per: 1KB, most: 50 } }")
    let exchange = try rig.exchange("POST / HTTP/1.1", ["Transfer-Encoding: chunked"])
    #expect(rig.ask(exchange) == nil)
    exchange.outcome.requestBytes = 5000
    try rig.finish(exchange)
    #expect(try left(rig) == 94)
  }

  @Test func theOriginMaySayWhatItWasWorth() throws {
    let rig = try Rig("{ rate: 100/h, cost: { field: X-Cost, most: 30 } }")
    for (value, expected) in [
      ("20", 80), ("1", 79), ("0", 79), ("4000", 49), ("99999999999999999999", 19), ("-5", 18), ("many", 17),
    ] {
      let exchange = try rig.exchange()
      #expect(rig.ask(exchange) == nil)
      try rig.finish(exchange, "HTTP/1.1 200 OK", "x-cost: \(value)", "Content-Length: 0")
      #expect(exchange.response.block.firstIndex(named: "X-Cost") == nil)
      let look = try Rig("{ rate: 100/h, cost: 0 }", memory: rig.harness.memory).exchange()
      let looking = try Rig("{ rate: 100/h, cost: 0 }", memory: rig.harness.memory)
      #expect(looking.ask(look) == nil)
      #expect(remaining(look) == expected, "\(value)")
    }
  }

  @Test func refunds() throws {
    let rig = try Rig("{ rate: 10/h, refund: [5xx, \"304\", cache_hit] }")
    for status in ["500 Oh", "304 Not Modified", "599 What"] {
      let exchange = try rig.exchange()
      #expect(rig.ask(exchange) == nil)
      try rig.finish(exchange, "HTTP/1.1 \(status)", "Content-Length: 0")
    }
    let hit = try rig.exchange()
    #expect(rig.ask(hit) == nil)
    hit.cacheResult = "hit"
    hit.replyInProgress = Reply(status: 200, fields: .init(), body: .init())
    rig.filter.response(hit)
    rig.filter.observe(hit)
    let failed = try rig.exchange()
    #expect(rig.ask(failed) == nil)
    failed.replyInProgress = Reply(refusing: 502, "upstream_closed", message: "")
    rig.filter.response(failed)
    rig.filter.observe(failed)
    #expect(try left(rig) == 10)
    let paid = try rig.exchange()
    #expect(rig.ask(paid) == nil)
    try rig.finish(paid, "HTTP/1.1 404 Not Found", "Content-Length: 0")
    #expect(try left(rig) == 8)
  }

  /// Who pays later owes a unit at once: with nothing left, nothing passes, and an overdrawn caller waits.
  @Test func whatIsPaidLaterIsRefusedWhileOverdrawn() throws {
    let rig = try Rig("{ rate: 10/h, cost: { base: 0, field: X-Cost, most: 100 } }")
    let first = try rig.exchange()
    #expect(rig.ask(first) == nil)
    try rig.finish(first, "HTTP/1.1 200 OK", "X-Cost: 50", "Content-Length: 0")
    #expect(try rig.ask() == 429)
    let upload = try Rig("{ rate: 10/h, cost: { base: 0, per: 1KB, most: 100 } }")
    let chunked = try upload.exchange("POST / HTTP/1.1", ["Transfer-Encoding: chunked"])
    #expect(upload.ask(chunked) == nil)
    chunked.outcome.requestBytes = 100_000
    try upload.finish(chunked)
    #expect(upload.ask(try upload.exchange("POST / HTTP/1.1", ["Transfer-Encoding: chunked"])) == 429)
  }

  /// What an answer gave back is not charged at the end of its content.
  @Test func whatIsSettledStaysSettled() throws {
    let rig = try Rig("{ rate: 100/h, cost: { base: 1, per: 1KB, most: 50 }, refund: 5xx }")
    let exchange = try rig.exchange("POST / HTTP/1.1", ["Transfer-Encoding: chunked"])
    #expect(rig.ask(exchange) == nil)
    exchange.outcome.requestBytes = 40_000
    try rig.finish(exchange, "HTTP/1.1 503 No", "Content-Length: 0")
    #expect(try left(rig) == 100)
  }

  /// A late refund gives nothing back that time has given back already.
  @Test func whatIsBackIsNotGivenBackAgain() throws {
    let rig = try Rig("{ rate: 10/s, burst: 2, refund: 5xx }")
    let slow = try rig.exchange()
    #expect(rig.ask(slow) == nil)
    rig.advance(.seconds(1))
    #expect(try rig.passing(5) == 2)
    try rig.finish(slow, "HTTP/1.1 504 Late", "Content-Length: 0")
    #expect(try rig.ask() == 429)
    let quota = try Rig("{ quota: 2/hour, refund: 5xx }")
    let old = try quota.exchange()
    #expect(quota.ask(old) == nil)
    quota.advance(.seconds(3600))
    #expect(try quota.passing(5) == 2)
    try quota.finish(old, "HTTP/1.1 504 Late", "Content-Length: 0")
    #expect(try quota.ask() == 429)
  }

  @Test(arguments: [
    "{ rate: 10/s, burst: 5, cost: 6 }", "{ rate: 10/s, algorithm: sliding_window, refund: 5xx }",
    "{ rate: 10/s, algorithm: sliding_window, cost: { field: X-Cost } }", "{ concurrent: 5, refund: 5xx }",
    "{ rate: 10/s, cost: { base: 5, most: 2 } }", "{ rate: 10/s, cost: { field: \"a b\" } }",
    "{ rate: 10/s, key: header:Authorization }", "{ rate: 10/s, key: header:losantdomain }",
  ])
  func mistakes(settings: String) {
    #expect(throws: ConfigurationError.self) { try Rig(settings) }
  }
}
