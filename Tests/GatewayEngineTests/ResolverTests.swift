import Dispatch
import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import GatewayEngine

struct ResolverTests {
  static let timeout = Duration.seconds(2)

  private func start(_ rig: ResolverRig) async { await rig.resolver.start(timeout: Self.timeout) }

  @Test func addressesAreNeverAskedFor() async {
    let rig = ResolverRig()
    rig.subscribe("10.0.0.1", port: 81)
    rig.subscribe("::1", port: 82)
    #expect(rig.lists("10.0.0.1:81") == [["10.0.0.1 81"]])
    #expect(rig.lists("::1:82") == [["::1 82"]])
    await start(rig)
    #expect(rig.asked("10.0.0.1") + rig.asked("::1") == 0)
    await rig.resolver.stop()
  }

  @Test func theFirstAnswersAreThereWhenItHasStarted() async {
    let rig = ResolverRig()
    rig.set("a.test", .addresses(["10.0.0.2", "10.0.0.1", "10.0.0.2", "::1"]))
    rig.set("b.test", .addresses(["10.0.0.3"]))
    rig.set("c.test", .failure("no such name"))
    rig.subscribe("a.test", port: 80)
    rig.subscribe("A.test", port: 443)
    rig.subscribe("b.test", port: 80)
    rig.subscribe("c.test", port: 80)
    await start(rig)
    #expect(rig.lists("a.test:80") == [["10.0.0.2 80", "10.0.0.1 80", "::1 80"]])
    #expect(rig.lists("A.test:443") == [["10.0.0.2 443", "10.0.0.1 443", "::1 443"]])
    #expect(rig.lists("b.test:80") == [["10.0.0.3 80"]])
    #expect(rig.lists("c.test:80").isEmpty)
    #expect(rig.asked("a.test") == 1)
    await rig.resolver.stop()
  }

  @Test func aSlowNameHoldsNothingUp() async {
    let rig = ResolverRig()
    rig.set("slow.test", .hanging(["10.0.0.9"]))
    rig.set("fast.test", .addresses(["10.0.0.1"]))
    rig.subscribe("slow.test")
    rig.subscribe("fast.test", interval: .seconds(7))
    async let started: Void = start(rig)
    // The fast one goes on while the slow one hangs.
    #expect(await rig.sleeps.next(besides: Self.timeout).duration == .seconds(7))
    rig.sleeps.wake(.seconds(7))
    #expect(await rig.sleeps.next(besides: Self.timeout).duration == .seconds(7))
    #expect(rig.asked("fast.test") == 2)
    await rig.sleeps.wakeOnceAsleep(Self.timeout)
    await started
    #expect(rig.lists("slow.test:80").isEmpty)
    rig.release.signal()
    #expect(await rig.sleeps.next(besides: Self.timeout).duration == .seconds(30))
    #expect(rig.lists("slow.test:80") == [["10.0.0.9 80"]])
    await rig.resolver.stop()
  }

  @Test func changesAreDeliveredAndAnotherOrderIsNone() async {
    let rig = ResolverRig()
    rig.set("a.test", .addresses(["10.0.0.1", "10.0.0.2"]))
    rig.subscribe("a.test", interval: .seconds(30))
    rig.subscribe("a.test", port: 81, interval: .seconds(20))
    await start(rig)
    for answer in [["10.0.0.2", "10.0.0.1"], ["10.0.0.2", "10.0.0.3"], ["10.0.0.2"]] {
      // The shorter of the two intervals.
      #expect(await rig.sleeps.next(besides: Self.timeout).duration == .seconds(20))
      rig.set("a.test", .addresses(answer))
      rig.sleeps.wake(.seconds(20))
    }
    _ = await rig.sleeps.next(besides: Self.timeout)
    #expect(
      rig.lists("a.test:80") == [["10.0.0.1 80", "10.0.0.2 80"], ["10.0.0.2 80", "10.0.0.3 80"], ["10.0.0.2 80"]])
    #expect(rig.lists("a.test:81").count == 3)
    let changes = rig.log.lines.map { $0.replacing("info the addresses of a name have changed ", with: "") }
    #expect(
      changes == ["10.0.0.1 10.0.0.2", "10.0.0.2 10.0.0.3", "10.0.0.2"].map { "addresses=\($0) name=a.test" })
    #expect(rig.count("success") == 4)
    await rig.resolver.stop()
  }

  @Test func aFailureKeepsTheLastGoodAnswer() async {
    let rig = ResolverRig()
    rig.set("a.test", .addresses(["10.0.0.1"]))
    rig.subscribe("a.test")
    await start(rig)
    for answer in [ResolverRig.Answer.failure("timeout"), .addresses([]), .addresses(["10.0.0.1"])] {
      #expect(await rig.sleeps.next(besides: Self.timeout).duration == .seconds(30))
      rig.set("a.test", answer)
      rig.sleeps.wake(.seconds(30))
    }
    _ = await rig.sleeps.next(besides: Self.timeout)
    #expect(rig.lists("a.test:80") == [["10.0.0.1 80"]])
    #expect(rig.count("failure") == 2)
    #expect(rig.count("success") == 2)
    #expect(
      rig.log.lines.dropFirst() == [
        "warning a name cannot be resolved addresses_kept=1 name=a.test reason=timeout",
        "info a name can be resolved again addresses=10.0.0.1 name=a.test",
      ])
    await rig.resolver.stop()
  }

  @Test func aNameWithoutAnAddressIsAskedForSoon() async {
    let rig = ResolverRig()
    rig.subscribe("a.test", interval: .seconds(10))
    await rig.resolver.start(timeout: .seconds(99))
    for seconds in [1, 2, 4, 8, 10, 10] {
      #expect(await rig.sleeps.next(besides: .seconds(99)).duration == .seconds(seconds))
      rig.sleeps.wake(.seconds(seconds))
    }
    _ = await rig.sleeps.next(besides: .seconds(99))
    rig.set("a.test", .addresses(["10.0.0.1"]))
    rig.sleeps.wake(.seconds(10))
    _ = await rig.sleeps.next(besides: .seconds(99))
    #expect(rig.lists("a.test:80") == [["10.0.0.1 80"]])
    #expect(rig.log.lines.count == 2)
    await rig.resolver.stop()
  }

  @Test func intervalsAreSpread() async {
    let rig = ResolverRig(jitter: 1.1)
    rig.set("a.test", .addresses(["10.0.0.1"]))
    rig.subscribe("a.test")
    await start(rig)
    let pause = await rig.sleeps.next(besides: Self.timeout).duration
    #expect(pause > .milliseconds(32_999) && pause < .milliseconds(33_001))
    let spread = (0..<1000).map { _ in NameResolver.Surroundings().jitter() }
    #expect(spread.allSatisfy { (0.9...1.1).contains($0) })
    #expect(Set(spread).count > 900)
    await rig.resolver.stop()
  }

  @Test func onlySoManyNamesAtATime() async {
    let rig = ResolverRig(concurrency: 3)
    for index in 0..<20 {
      rig.set("\(index).test", .hanging(["10.0.0.1"]))
      rig.subscribe("\(index).test")
    }
    async let started: Void = start(rig)
    while rig.mostBusy < 3 { await Task.yield() }
    for _ in 0..<20 { rig.release.signal() }
    await started
    #expect((0..<20).allSatisfy { rig.lists("\($0).test:80").count == 1 })
    #expect(rig.mostBusy == 3)
    await rig.resolver.stop()
  }

  @Test func answersAreBounded() async {
    let rig = ResolverRig()
    rig.set("a.test", .addresses((1...100).map { "10.0.0.\($0)" }))
    rig.subscribe("a.test")
    await start(rig)
    #expect(rig.lists("a.test:80").map(\.count) == [64])
    await rig.resolver.stop()
  }

  @Test func stoppingWaitsForNoLookUp() async {
    let rig = ResolverRig()
    rig.set("slow.test", .hanging(["10.0.0.9"]))
    rig.set("fast.test", .addresses(["10.0.0.1"]))
    rig.subscribe("slow.test")
    rig.subscribe("fast.test")
    async let started: Void = start(rig)
    _ = await rig.sleeps.next(besides: Self.timeout)
    await rig.resolver.stop()
    await started
    #expect(rig.sleeps.sleepers == 0)
    rig.release.signal()
    await rig.resolver.stop()
    #expect(rig.lists("slow.test:80").isEmpty)
    #expect(rig.asked("fast.test") == 1)
  }

  @Test func theSystemKnowsThisMachine() throws {
    let addresses = try AddressLookup.system("localhost")
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0.ipAddress) && $0.port == 0 })
  }

  @Test func theSystemSaysWhatIsWrong() {
    // Longer than a label may be, so nobody is asked.
    let name = String(repeating: "a", count: 70)
    #expect(throws: AddressLookup.Failure.self) { try AddressLookup.system(name) }
  }
}
