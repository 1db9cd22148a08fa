import Dispatch
import Synchronization
import Testing

@testable import ResponseCaching

@Suite struct WriteRateTests {
  private let account = DomainAccount(name: [], stripes: 1)

  @Test func tenSecondsWorthAtOnce() {
    let rate = WriteRate(bytesPerSecond: 100)
    #expect(!rate.take(1001, of: account, now: 5))
    #expect(rate.take(1000, of: account, now: 5))
    #expect(!rate.take(1, of: account, now: 5))
    #expect(rate.take(1, of: account, now: 5 + 10_000_000))
    // Nothing is saved for longer, and what was refused has taken nothing.
    #expect(rate.take(1000, of: account, now: 100_000_000_000))
    #expect(!rate.take(1, of: account, now: 100_000_000_000))
    #expect(!rate.take(.max, of: account, now: 200_000_000_000))
  }

  /// All threads together get what one would.
  @Test func loopsShareIt() {
    let rate = WriteRate(bytesPerSecond: 1000)
    let taken = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<5000 where rate.take(1, of: account, now: 7) { taken.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(taken.load(ordering: .relaxed) == 10_000)
  }
}
