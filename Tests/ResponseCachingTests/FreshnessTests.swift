import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// How long, with `respect: origin`: RFC 9111 sections 4.2, 5.1, 5.2.1 and 5.3. The clock stands at 16:00:00.
@Suite struct FreshnessTests {
  private static let date = "Date: Mon, 23 Nov 2026 16:00:00 GMT"

  private func cache(_ more: [String: ConfigNode.Value] = [:]) throws -> CacheHarness {
    try CacheHarness(more.merging(["respect": .text("origin"), "share": .text("domain")]) { $1 })
  }

  /// For how many seconds an answer is given; 0 when it is not kept.
  private func lifetime(_ fields: [String], _ more: [String: ConfigNode.Value] = [:], status: Int = 200) throws -> Int64
  {
    let cache = try cache(more)
    _ = try cache.run(cache.bench.exchange(), fields: fields, status: status)
    guard case .reply = cache.filter.lookup(try cache.bench.exchange()) else { return 0 }
    var seconds: Int64 = 0
    while seconds < 100_000, case .reply = cache.filter.lookup(try cache.bench.exchange()) {
      let step: Int64 = seconds < 200 ? 1 : 100
      cache.seconds(step)
      seconds += step
    }
    return seconds
  }

  /// Section 4.2.1: s-maxage, max-age, Expires, in this order.
  @Test(
    arguments: [
      (["Cache-Control: max-age=30"], 30), (["Cache-Control: s-maxage=20, max-age=30"], 20),
      (["Cache-Control: max-age=30", "Cache-Control: s-maxage=40"], 40), (["Cache-Control: s-maxage=0, max-age=30"], 0),
      (["Expires: Mon, 23 Nov 2026 16:00:50 GMT", date], 50), (["Expires: Mon Nov 23 16:00:50 2026"], 50),
      (["Expires: Mon, 23 Nov 2026 16:00:50 GMT", "Date: Mon, 23 Nov 2026 16:00:20 GMT"], 30),
      (["Expires: Mon, 23 Nov 2026 16:00:50 GMT", "Date: nonsense"], 50),
      (["Expires: Mon, 23 Nov 2026 16:00:50 GMT", "Cache-Control: max-age=30"], 30),
      (["Expires: Mon, 23 Nov 2026 16:00:50 GMT", "Cache-Control: max-age=x"], 0),
      (["Expires: Mon, 23 Nov 2026 15:00:00 GMT", "Cache-Control: s-maxage=40"], 40),
      (["Expires: 0", "Cache-Control: max-age=30"], 30),
      (["Cache-Control: max-age=30, max-age=40"], 0), ([], 0), (["Cache-Control: public"], 0),
    ] as [([String], Int64)])
  func stated(fields: [String], seconds: Int64) throws { #expect(try lifetime(fields) == seconds) }

  /// Section 5.3: what is no date means the past; section 4.2.1: so do two of them.
  @Test(arguments: [
    ["Expires: 0"], ["Expires: -1"], ["Expires: 2027-01-01"], ["Expires: Mon, 23 Nov 2026 15:00:00 GMT"],
    ["Expires: Mon, 23 Nov 2026 16:00:50 GMT", "Expires: Mon, 23 Nov 2026 16:00:50 GMT"],
  ])
  func expired(fields: [String]) throws {
    #expect(try lifetime(fields) == 0)
    #expect(try lifetime(fields + ["Last-Modified: Mon, 23 Nov 2020 15:00:00 GMT"], ["heuristic": .text("1h")]) == 0)
  }

  /// Section 4.2.2: a tenth of the time since the last change, where it is wanted, where nothing is stated, and for
  /// statuses that allow it.
  @Test func guesses() throws {
    let modified = [Self.date, "Last-Modified: Mon, 23 Nov 2026 15:50:00 GMT"]
    let some: [String: ConfigNode.Value] = ["heuristic": .text("50s")]
    #expect(try lifetime(modified) == 0)
    #expect(try lifetime(modified, ["heuristic": .text("1h")]) == 60)
    #expect(try lifetime(modified, some) == 50)
    #expect(try lifetime(modified + ["Cache-Control: max-age=7"], some) == 7)
    #expect(try lifetime([Self.date], some) == 0)
    #expect(try lifetime([Self.date, "Last-Modified: Tue, 24 Nov 2026 15:50:00 GMT"], some) == 0)
    #expect(try lifetime(modified, some, status: 404) == 50)
    #expect(try lifetime(modified, some, status: 302) == 0)
    #expect(try lifetime(modified + ["Cache-Control: public"], some, status: 302) == 50)
  }

  @Test func theOrganisationMayBoundIt() throws {
    #expect(try lifetime(["Cache-Control: max-age=100"], ["longest": .text("20s")]) == 20)
  }

  /// Section 4.2.3: the larger of what Date says and of Age with the time that the answer took.
  @Test(
    arguments: [
      (["Age: 10"], 0, 10), ([date, "Age: 10"], 3, 13), (["Date: Mon, 23 Nov 2026 15:59:40 GMT", "Age: 10"], 3, 23),
      (["Date: Mon, 23 Nov 2026 17:00:00 GMT"], 2, 2), (["Age: 7, 50"], 0, 7), (["Age: x"], 0, 0), (["Age: -5"], 0, 0),
      (["Age: 7", "Age: 50"], 0, 7), (["Date: x"], 1, 1),
    ] as [([String], Int64, Int64)])
  func age(fields: [String], delay: Int64, age: Int64) throws {
    let cache = try cache()
    let exchange = try cache.bench.exchange()
    #expect(cache.begin(exchange) == nil)
    cache.seconds(delay)
    cache.bench.loop.refresh()
    try cache.head(exchange, fields: fields + ["Cache-Control: max-age=100", "Content-Length: 1"])
    _ = cache.finish(exchange, body: "x")
    // The time that the body takes counts too.
    cache.seconds(5)
    let answer = try cache.run(cache.bench.exchange())
    #expect(answer.fields.contains("Age: \(age + 5)\r\nCache-Status: gatehouse; hit; ttl=\(95 - age)\r\n"))
  }

  /// Section 4: what is as old as its lifetime is not fresh, and not kept when it comes like that.
  @Test func whatComesStaleIsNotKept() throws {
    #expect(try lifetime(["Cache-Control: max-age=10", "Age: 10"]) == 0)
    #expect(try lifetime(["Cache-Control: max-age=10", "Age: 9"]) == 1)
    #expect(try lifetime(["Cache-Control: max-age=10", "Date: Mon, 23 Nov 2026 15:59:50 GMT"]) == 0)
    #expect(try lifetime(["Cache-Control: max-age=10", "Age: 99999999999999999999"]) == 0)
  }

  /// RFC 9213 section 2.2: a valid targeted field takes the place of Cache-Control and Expires.
  @Test(
    arguments: [
      (["CDN-Cache-Control: max-age=20", "Cache-Control: no-store"], 20),
      (["CDN-Cache-Control: no-store", "Cache-Control: max-age=30"], 0),
      (["CDN-Cache-Control: max-age=20", "CDN-Cache-Control: max-age=25"], 25),
      (["CDN-Cache-Control: MAX-AGE=20", "Cache-Control: max-age=30"], 30),
      (["CDN-Cache-Control: max-age=20, &", "Cache-Control: max-age=30"], 30),
      (["CDN-Cache-Control:", "Cache-Control: max-age=30"], 30), (["CDN-Cache-Control: max-age=\"20\""], 0),
      (["CDN-Cache-Control: must-revalidate", "Expires: Mon, 23 Nov 2026 16:00:50 GMT"], 0),
      (["CDN-Cache-Control: max-age=20", "Gatehouse-Cache-Control: max-age=10"], 10),
      (["CDN-Cache-Control: private, max-age=20"], 0), (["CDN-Cache-Control: private=?0, max-age=20"], 20),
    ] as [([String], Int64)])
  func targeted(fields: [String], seconds: Int64) throws {
    let names = ConfigNode.Value.list(["gatehouse-cache-control", "CDN-Cache-Control"])
    #expect(try lifetime(fields, ["targeted": names]) == seconds)
  }

  @Test func targetedFieldsCountBySettingOnly() throws {
    #expect(try lifetime(["CDN-Cache-Control: max-age=20", "Cache-Control: max-age=30"]) == 30)
  }
}
