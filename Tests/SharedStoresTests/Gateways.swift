import GatewayKit
import GatewayTesting
import SharedStores

/// Loops with ledgers of stores on them, as requests see them: by the server's time unless the test owns it.
struct Gateways {
  let driver: LimitDriver

  init(_ stores: [RedisLimitStore], loops: Int = 1) async throws {
    driver = try await LimitDriver(stores, loops: loops)
  }

  /// Runs a body with loops that end afterwards.
  static func with<R>(
    _ stores: RedisLimitStore..., loops: Int = 1, _ body: (Gateways) async throws -> R
  ) async throws -> R {
    let gateways = try await Gateways(stores, loops: loops)
    do {
      let result = try await body(gateways)
      await gateways.driver.stop()
      return result
    } catch {
      await gateways.driver.stop()
      throw error
    }
  }

  static let now = LimitTime(monotonic: 1_000_000_000_000, wall: 1_795_449_600_000_000_000)

  func take(_ claims: LimitClaim..., now: LimitTime = Gateways.now, on ledger: Int = 0) async throws -> LimitAnswer {
    try await take([claims], now: now, on: ledger)[0]
  }

  /// Takes for several requests that are on their way together.
  func take(
    _ requests: [[LimitClaim]], now: LimitTime = Gateways.now, on ledger: Int = 0
  ) async throws -> [LimitAnswer] {
    try await driver.run(requests.map { .take($0, now) }, on: ledger).compactMap { $0 }
  }

  func adjust(
    _ claim: LimitClaim, by units: Int64, now: LimitTime = Gateways.now, on ledger: Int = 0
  ) async throws {
    _ = try await driver.run([.adjust(claim, by: units, now)], on: ledger)
  }

  /// Takes until the server answers.
  func takeAtLast(_ claim: LimitClaim, on ledger: Int = 0) async throws -> LimitAnswer {
    for _ in 0..<2000 {
      let answer = try await take(claim, on: ledger)
      if case .failed = answer.outcome {
        try await Task.sleep(for: .milliseconds(10))
      } else {
        return answer
      }
    }
    throw HarnessError.timeout("the store does not come back")
  }
}

extension LimitAnswer {
  var remaining: Int64? { decisions.first?.remaining }

  var failure: LimitFailure? {
    if case .failed(let failure) = outcome { return failure }
    return nil
  }
}

extension LimitClaim {
  /// A thousand at once, which come back in years.
  static func plenty(_ number: UInt64 = 2, cost: Int64 = 1, lease: LimitLease? = nil) throws -> LimitClaim {
    try rate(number, 1, .seconds(3600), burst: 1000, cost: cost, lease: lease)
  }

  static func rate(
    _ number: UInt64, _ count: Int, _ period: Duration, burst: Int, cost: Int64 = 1, lease: LimitLease? = nil
  ) throws -> LimitClaim {
    guard let rate = Rate(count: count, period: period), let cells = CellRate(rate: rate, burst: burst) else {
      throw HarnessError.timeout("no rate")
    }
    var claim = LimitClaim(key: key(number), rule: .rate(cells), cost: cost)
    claim.lease = lease
    return claim
  }

  static func sliding(_ number: UInt64, _ count: Int, _ period: Duration, cost: Int64 = 1) throws -> LimitClaim {
    guard let window = Rate(count: count, period: period).flatMap({ SlidingWindow(rate: $0) }) else {
      throw HarnessError.timeout("no window")
    }
    return LimitClaim(key: key(number), rule: .sliding(window), cost: cost)
  }

  /// A quota of the day of ``Gateways/now``.
  static func daily(
    _ number: UInt64, _ limit: Int64, cost: Int64 = 1, lease: LimitLease? = nil
  ) -> LimitClaim {
    let (day, start) = (Int64(86_400), Int64(1_795_392_000))
    let window = CalendarWindow(
      limit: limit, previous: start - day, start: start, end: start + day, next: start + 2 * day)
    var claim = LimitClaim(key: key(number), rule: .calendar(window), cost: cost)
    claim.lease = lease
    return claim
  }

  static func concurrent(
    _ number: UInt64, _ limit: Int64, cost: Int64 = 1, lease: LimitLease? = nil
  ) -> LimitClaim {
    var claim = LimitClaim(key: key(number), rule: .concurrent(limit), cost: cost)
    claim.lease = lease
    return claim
  }

  private static func key(_ number: UInt64) -> LimitKey { LimitKey(high: 0x0123_4567_89AB_CDEF, low: number) }
}

extension LimitTime {
  /// So many nanoseconds later.
  static func + (time: LimitTime, nanoseconds: Int64) -> LimitTime {
    LimitTime(monotonic: time.monotonic + nanoseconds, wall: time.wall + nanoseconds)
  }
}
