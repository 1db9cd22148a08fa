import GatewayKit
import GatewayTesting
import Testing

@testable import RateLimiting

/// Requests that wait rather than being refused.
@Suite struct DelayTests {
  private final class Driver: ExchangeDriver {
    var resumed = 0
    func resumed(_ exchange: Exchange, _ continuation: Continuation) { resumed += 1 }
  }

  private func waits(_ verdict: Verdict) -> Bool { if case .wait = verdict { true } else { false } }
  private func passes(_ verdict: Verdict) -> Bool { if case .next = verdict { true } else { false } }

  @Test func waitsUntilItsUnitIsBack() throws {
    let rig = try Rig("{ rate: 10/s, burst: 1, delay: { most: 250ms, waiting: 10 } }")
    let driver = Driver()
    #expect(passes(rig.filter.limit(try rig.exchange())))
    var held: [Exchange] = []
    for _ in 0..<2 {
      let exchange = try rig.exchange()
      exchange.driver = driver
      #expect(waits(rig.filter.limit(exchange)))
      held.append(exchange)
    }
    // The third would have to wait for 300 ms.
    let refused = try rig.exchange()
    #expect(rig.ask(refused) == 429)
    rig.harness.runLoop(for: .milliseconds(99))
    #expect(driver.resumed == 0)
    rig.harness.runLoop(for: .milliseconds(1))
    #expect(driver.resumed == 1)
    rig.harness.runLoop(for: .milliseconds(100))
    #expect(driver.resumed == 2)
    for exchange in held { #expect(passes(rig.filter.limit(exchange))) }
    #expect(rig.counter("gatehouse_rate_limit_delayed_total", "default") == 2)
  }

  /// A domain's callers take half of the places and leave the others to the rest.
  @Test func noMoreWaitThanMay() throws {
    let rig = try Rig("{ rate: 10/s, burst: 1, delay: { most: 10s, waiting: 4 } }")
    #expect(passes(rig.filter.limit(try rig.exchange())))
    let first = try rig.exchange()
    #expect(waits(rig.filter.limit(first)))
    #expect(waits(rig.filter.limit(try rig.exchange())))
    #expect(try rig.ask() == 429)
    #expect(try rig.ask() == 429)
    // One leaves: its place is free, and its unit is back.
    rig.filter.observe(first)
    #expect(waits(rig.filter.limit(try rig.exchange())))
    #expect(try rig.ask() == 429)
    #expect(passes(rig.filter.limit(try rig.exchange(domain: "other.example"))))
    #expect(waits(rig.filter.limit(try rig.exchange(domain: "other.example"))))
    #expect(try rig.ask(domain: "other.example") == 429)
  }

  @Test(arguments: [
    "{ quota: 5/day, delay: { most: 1s } }", "{ concurrent: 5, delay: { most: 1s } }",
    "{ rate: 5/s, algorithm: sliding_window, delay: { most: 1s } }", "{ rate: 5/s, delay: { most: 2m } }",
  ])
  func mistakes(settings: String) {
    #expect(throws: ConfigurationError.self) { try Rig(settings) }
  }
}
