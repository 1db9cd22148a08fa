import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite struct LeastRateTests {
  private static let second: Int64 = 1_000_000_000

  @Test func givesTheGraceAndTheTimeThatBytesAreWorth() {
    var rate = LeastRate(rate: 100, grace: 10 * Self.second)
    rate.begin(now: 5 * Self.second)
    #expect(rate.deadline(after: 0) == 15 * Self.second)
    #expect(rate.deadline(after: 100) == 16 * Self.second)
    #expect(rate.deadline(after: 150) == 16 * Self.second + Self.second / 2)
    #expect(rate.deadline(after: 1) == 15 * Self.second + Self.second / 100)
  }

  @Test func doesNotCountTimeInWhichOthersHoldItUp() {
    var rate = LeastRate(rate: 100, grace: Self.second)
    rate.begin(now: 0)
    rate.heldUp(now: 500)
    rate.heldUp(now: 700)
    #expect(rate.isHeldUp)
    #expect(rate.deadline(after: 0) == .max)
    rate.goesOn(now: 1500)
    rate.goesOn(now: 9000)
    #expect(!rate.isHeldUp)
    #expect(rate.deadline(after: 0) == Self.second + 1000)
    rate.begin(now: 50)
    #expect(rate.deadline(after: 0) == Self.second + 50)
  }

  @Test func asksForNothingWithoutARate() {
    var rate = LeastRate(rate: 0, grace: 1)
    rate.begin(now: 0)
    #expect(rate.deadline(after: 0) == .max)
  }

  /// Whatever the numbers: no trap, never before the grace, and never earlier for more bytes.
  @Test(arguments: 0..<40)
  func isMonotonousForAnyNumbers(_ seed: UInt64) {
    var random = SplitMix(state: seed)
    for _ in 0..<500 {
      let shift = Int64(random.next() % 63)
      let most = Int64.max >> shift
      let perSecond = Int64.random(in: 1...most, using: &random)
      var rate = LeastRate(rate: Int(perSecond), grace: Int64.random(in: 0...most, using: &random))
      let now = Int64.random(in: 0...most, using: &random)
      rate.begin(now: now)
      let bytes = random.next() >> (random.next() % 64)
      let more = bytes.addingReportingOverflow(random.next() >> (random.next() % 64))
      let deadline = rate.deadline(after: bytes)
      let (earliest, isEndless) = now.addingReportingOverflow(rate.grace)
      #expect(isEndless ? deadline == .max : deadline >= earliest)
      if !more.overflow { #expect(rate.deadline(after: more.partialValue) >= deadline) }
    }
  }
}

@Suite struct DeliveryTests {
  private static let second: Int64 = 1_000_000_000

  private func expectLook(
    _ delivery: inout Delivery, now: Int64, bytes: UInt64, rate: Int, patience: Int64 = 0, _ isTaking: Bool,
    at location: SourceLocation = #_sourceLocation
  ) {
    let found = delivery.look(now: now, bytes: bytes, rate: rate, patience: patience)
    #expect(found == isTaking, sourceLocation: location)
  }

  @Test func firstNotesWhereTheClientStands() {
    var delivery = Delivery()
    expectLook(&delivery, now: 0, bytes: 0, rate: 1000, true)
    expectLook(&delivery, now: Self.second, bytes: 999, rate: 1000, false)
  }

  @Test func asksForTheRate() {
    var delivery = Delivery()
    delivery.begin(now: 0, bytes: 500)
    expectLook(&delivery, now: Self.second, bytes: 1500, rate: 1000, true)
    expectLook(&delivery, now: Self.second + Self.second / 2, bytes: 2000, rate: 1000, true)
    expectLook(&delivery, now: 2 * Self.second, bytes: 2499, rate: 1000, false)
    expectLook(&delivery, now: 3 * Self.second, bytes: 3500, rate: 1000, true)
  }

  /// It reads 1000 bytes a second, of which its system tells every ten seconds.
  @Test func waitsForSteps() {
    var delivery = Delivery()
    delivery.begin(now: 0, bytes: 0)
    for second in 1...100 {
      let (now, bytes) = (Int64(second) * Self.second, UInt64(second / 10 * 10_000))
      expectLook(&delivery, now: now, bytes: bytes, rate: 1000, patience: 10 * Self.second, true)
    }
    for second in 101...120 {
      let now = Int64(second) * Self.second
      expectLook(&delivery, now: now, bytes: 100_000, rate: 1000, patience: 10 * Self.second, second <= 110)
    }
  }

  @Test func givesNoCreditForWhatWasTakenFaster() {
    var delivery = Delivery()
    delivery.begin(now: 0, bytes: 0)
    expectLook(&delivery, now: Self.second, bytes: 1 << 30, rate: 1000, patience: Self.second, true)
    expectLook(&delivery, now: 2 * Self.second, bytes: 1 << 30, rate: 1000, patience: Self.second, true)
    expectLook(&delivery, now: 3 * Self.second, bytes: 1 << 30, rate: 1000, patience: Self.second, false)
  }

  @Test func asksForSomethingWithoutARate() {
    var delivery = Delivery()
    delivery.begin(now: 0, bytes: 5)
    expectLook(&delivery, now: 1, bytes: 5, rate: 0, false)
    expectLook(&delivery, now: 2, bytes: 6, rate: 0, true)
    delivery.reset()
    expectLook(&delivery, now: 3, bytes: 6, rate: 0, true)
  }

  /// What was written over TLS is not known to the byte: the number may go back a little.
  @Test func takesAStepBackForNoProgress() {
    var delivery = Delivery()
    delivery.begin(now: 0, bytes: 100)
    expectLook(&delivery, now: Self.second, bytes: 90, rate: 0, false)
  }

  @Test(arguments: 0..<40)
  func neverTraps(_ seed: UInt64) {
    var random = SplitMix(state: seed)
    var delivery = Delivery()
    for _ in 0..<500 {
      let (now, bytes) = (Int64(bitPattern: random.next()), random.next())
      let (rate, patience) = (Int(bitPattern: UInt(random.next())), Int64(bitPattern: random.next()))
      _ = delivery.look(now: now, bytes: bytes, rate: rate, patience: patience)
    }
    delivery.begin(now: 0, bytes: 0)
    expectLook(&delivery, now: .max, bytes: 1 << 40, rate: .max, false)
    expectLook(&delivery, now: .max, bytes: .max, rate: 0, true)
  }
}
