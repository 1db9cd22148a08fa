import GatewayKit
import Testing

@testable import GatewayEngine

/// The bookkeeping as an object, since an expectation cannot change a value.
private final class Shares {
  private var shares: FairShares<Int>

  init(_ terms: FairTerms, slots: Int, waiting: Int) {
    shares = FairShares(terms, slots: slots, mostWaiting: waiting)
  }

  var taken: Int { shares.taken }
  var waiting: Int { shares.waiting }
  var domains: Int { shares.domains }

  func take(_ domain: Int) -> Bool { shares.take(domain) }
  func give(_ domain: Int) { shares.give(domain) }
  func wait(_ waiter: Int, of domain: Int) -> FairShares<Int>.Entry { shares.wait(waiter, of: domain) }
  func leave(_ ticket: Int) -> Int? { shares.leave(ticket) }
  func next() -> Int? { shares.next() }
  func held(by domain: Int) -> Int { shares.held(by: domain) }

  /// How many slots a domain has when it takes all that it may.
  func fill(_ domain: Int) -> Int {
    while take(domain) {}
    return held(by: domain)
  }
}

@Suite struct FairShareTests {
  private func shares(_ slots: Int, waiting: Int = 1000, headroom: Int = 10, weights: [Int] = []) -> Shares {
    Shares(FairTerms(headroom: headroom, weights: weights), slots: slots, waiting: waiting)
  }

  @Test(arguments: [
    (1, 10, 1, 1), (2, 10, 1, 1), (5, 10, 1, 4), (10, 10, 1, 9), (100, 10, 1, 90), (512, 10, 1, 460), (100, 20, 1, 80),
    (100, 50, 1, 50), (100, 90, 1, 10), (100, 20, 3, 92), (100, 10, 1000, 99), (10, 0, 1, 10), (1, 0, 1, 1),
  ])
  func aDomainAloneLeavesTheHeadroom(_ slots: Int, _ headroom: Int, _ weight: Int, _ most: Int) {
    let shares = shares(slots, headroom: headroom, weights: [weight])
    #expect(shares.fill(0) == most)
    // By the formula: w * a / (1 + w * a) with a = (1 - h) / h.
    guard headroom > 0, most > 1 else { return }
    let product = Double(weight) * Double(100 - headroom) / Double(headroom)
    #expect(abs(Double(most) - Double(slots) * product / (1 + product)) <= 1)
    #expect(shares.take(1), "a newcomer has one at once")
  }

  @Test func theMoreAreBusyTheLessIsKeptFree() {
    for (count, each) in [(1, 90), (2, 47), (4, 24), (9, 11), (30, 3)] {
      let shares = shares(100)
      for _ in 0..<100 {
        for domain in 0..<count { _ = shares.take(domain) }
      }
      // By the formula a / (1 + n * a), to a slot.
      #expect((0..<count).allSatisfy { abs(shares.held(by: $0) - each) <= 1 })
      #expect(shares.taken < 100 && shares.take(99))
    }
  }

  @Test func whoHoldsNoneComesFirstAndThenWhoHoldsTheFewest() {
    let shares = shares(4)
    #expect(shares.fill(0) == 3)
    for waiter in 0..<3 { wait(shares, waiter, 0) }
    #expect(shares.take(1) && !shares.take(2))
    wait(shares, 10, 1)
    wait(shares, 20, 2)
    #expect(shares.next() == nil, "nothing is free")
    shares.give(0)
    #expect(shares.next() == 20, "who holds none")
    shares.give(0)
    #expect(shares.next() == nil, "the last one is kept for a newcomer")
    shares.give(2)
    #expect(shares.next() == 0, "two are free; 0 and 1 hold one each, and 0 has waited longer")
    shares.give(0)
    #expect(shares.next() == 10, "now 1 has")
  }

  private func wait(_ shares: Shares, _ waiter: Int, _ domain: Int) {
    guard case .waits = shares.wait(waiter, of: domain) else {
      Issue.record("\(waiter) does not wait")
      return
    }
  }

  @Test func aLineIsServedInOrderAndWhoLeavesIsGone() {
    let shares = shares(1)
    #expect(shares.take(0))
    var tickets: [Int] = []
    for waiter in 0..<5 {
      if case .waits(let ticket) = shares.wait(waiter, of: 0) { tickets.append(ticket) }
    }
    #expect(shares.leave(tickets[0]) == 0 && shares.leave(tickets[0]) == nil)
    #expect(shares.leave(tickets[2]) == 2 && shares.leave(tickets[4]) == 4 && shares.waiting == 2)
    #expect(!shares.take(0), "nobody overtakes his own line")
    var served: [Int] = []
    for _ in 0..<5 {
      shares.give(0)
      if let waiter = shares.next() { served.append(waiter) }
    }
    #expect(served == [1, 3])
    #expect(shares.taken == 0 && shares.waiting == 0 && shares.domains == 0)
    #expect(shares.leave(tickets[1]) == nil && shares.leave(-1) == nil && shares.leave(99) == nil)
  }

  @Test func theHeaviestLosesItsNewest() {
    let shares = shares(2, waiting: 4, weights: [1, 1, 4])
    #expect(shares.take(0))
    for waiter in 0..<4 { wait(shares, waiter, 0) }
    guard case .waitsInstead(of: 3, let ticket) = shares.wait(10, of: 1) else {
      Issue.record("the newest of the heaviest has to go")
      return
    }
    #expect(shares.waiting == 4)
    // Domain 0 has and waits for four, and would have five.
    guard case .refused = shares.wait(4, of: 0) else {
      Issue.record("the heaviest domain's newcomer is refused")
      return
    }
    #expect(shares.leave(ticket) == 10)
    wait(shares, 3, 0)
    // With a weight of 4 a domain is lighter with more.
    var lost: [Int] = []
    for waiter in 20..<30 {
      if case .waitsInstead(let other, _) = shares.wait(waiter, of: 2) { lost.append(other) }
    }
    #expect(lost == [3, 2, 1, 0], "until all places are its own, since one held weighs as much as four waiting")
  }

  @Test func offMakesAllOne() {
    let shares = Shares(.off, slots: 2, waiting: 2)
    #expect(shares.take(0) && shares.take(0) && !shares.take(1))
    wait(shares, 1, 7)
    wait(shares, 2, 3)
    guard case .refused = shares.wait(3, of: 9) else {
      Issue.record("nobody has to go")
      return
    }
    #expect(shares.domains == 1)
    shares.give(5)
    #expect(shares.next() == 1 && shares.next() == nil)
  }

  @Test func termsFollowTheConfiguration() throws {
    let nowhere = SourcePosition(file: "test.yaml", line: 1, column: 1)
    var fair = FairConfiguration()
    fair.headroom = 20
    fair.weights = [FairConfiguration.Weight(domain: "b.test", weight: 7, position: nowhere)]
    let upstreams = ["both", "one", "plain"].map { name in
      var upstream = UpstreamConfiguration(name: name, endpoints: [], position: nowhere)
      upstream.fair = name == "plain" ? nil : fair
      return upstream
    }
    let domains = ["a.test", "b.test"].map { name in
      DomainConfiguration(
        name: name, upstream: "both",
        routes: [
          RouteConfiguration(path: "/x", upstream: "plain", use: [], position: nowhere),
          RouteConfiguration(path: "/y", upstream: name == "a.test" ? "one" : "both", use: [], position: nowhere),
        ], position: nowhere)
    }
    let terms = FairTerms.all(of: GatewayConfiguration(listeners: [], upstreams: upstreams, domains: domains))
    #expect(terms.map(\.isOn) == [true, false, false], "one domain is nobody to be fair to")
    #expect(terms[0].headroom == 20 && (0..<3).map { terms[0].weight(of: $0) } == [1, 7, 1])
  }

  @Test func noPlaceToWaitIsARefusal() {
    let shares = shares(2, waiting: 0)
    #expect(shares.fill(0) == 1)
    guard case .refused = shares.wait(1, of: 0), case .refused = shares.wait(2, of: 5) else {
      Issue.record("nobody may wait")
      return
    }
    shares.give(0)
    #expect(shares.domains == 0)
  }
}
