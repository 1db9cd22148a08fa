import GatewayTesting
import Testing

@testable import GatewayEngine

/// What holds whatever happens, by a generator whose failures can be had again.
@Suite struct FairSharesPropertyTests {
  /// The same bookkeeping done simply: who holds how many, and who waits in which order.
  private struct Model {
    var held: [Int: Int] = [:]
    var lines: [Int: [Int]] = [:]

    var taken: Int { held.values.reduce(0, +) }
    var waiting: Int { lines.values.reduce(0) { $0 + $1.count } }

    /// The domain that is heaviest by what it holds and waits for.
    func load(_ domain: Int, _ weights: [Int]) -> Double {
      Double(held[domain, default: 0] + lines[domain, default: []].count) / Double(weights[domain])
    }
  }

  @Test(arguments: 0..<12)
  func agreesWithASimpleModel(seed: UInt64) {
    var random = SplitMix(state: seed)
    let slots = 1 + Int(random.next() % 20)
    let most = Int(random.next() % 30)
    let weights = (0..<8).map { _ in 1 + Int(random.next() % 4) }
    let terms = FairTerms(headroom: [0, 10, 20, 50][Int(seed % 4)], weights: weights)
    var shares = FairShares<Int>(terms, slots: slots, mostWaiting: most)
    var model = Model()
    var tickets: [Int: (ticket: Int, domain: Int)] = [:]
    for step in 0..<6000 {
      let domain = Int(random.next() % 8)
      switch random.next() % 4 {
      case 0, 1: arrive(step, domain, &shares, &model, &tickets, most, weights)
      case 2:
        guard model.held[domain, default: 0] > 0 else { continue }
        shares.give(domain)
        model.held[domain, default: 0] -= 1
      default:
        guard let (waiter, place) = tickets.min(by: { $0.key < $1.key }), random.next() % 4 == 0 else { continue }
        let left = shares.leave(place.ticket)
        #expect(left == waiter)
        model.lines[place.domain]?.removeAll { $0 == waiter }
        tickets[waiter] = nil
      }
      serve(&shares, &model, &tickets, terms, slots)
      #expect(shares.taken == model.taken && shares.waiting == model.waiting)
      #expect(shares.taken <= slots && shares.waiting <= most)
      for domain in 0..<8 { #expect(shares.held(by: domain) == model.held[domain, default: 0]) }
      let active = (0..<8).count { model.held[$0, default: 0] > 0 || !(model.lines[$0] ?? []).isEmpty }
      #expect(shares.domains == active, "a record for each that holds or waits, and no other")
    }
    finish(&shares, &model)
  }

  private func arrive(
    _ waiter: Int, _ domain: Int, _ shares: inout FairShares<Int>, _ model: inout Model,
    _ tickets: inout [Int: (ticket: Int, domain: Int)], _ most: Int, _ weights: [Int]
  ) {
    if shares.take(domain) {
      #expect((model.lines[domain] ?? []).isEmpty, "nobody overtakes his own line")
      model.held[domain, default: 0] += 1
      return
    }
    switch shares.wait(waiter, of: domain) {
    case .waits(let ticket):
      #expect(model.waiting < most)
      tickets[waiter] = (ticket, domain)
    case .waitsInstead(let lost, let ticket):
      guard let owner = tickets.removeValue(forKey: lost)?.domain else {
        Issue.record("who went was not waiting")
        return
      }
      #expect(model.waiting == most && model.lines[owner]?.last == lost)
      let heaviest = (0..<8).filter { !(model.lines[$0] ?? []).isEmpty }.map { model.load($0, weights) }.max() ?? 0
      #expect(model.load(owner, weights) == heaviest)
      model.lines[owner]?.removeLast()
      tickets[waiter] = (ticket, domain)
    case .refused:
      #expect(model.waiting == most)
      return
    }
    model.lines[domain, default: []].append(waiter)
  }

  private func serve(
    _ shares: inout FairShares<Int>, _ model: inout Model, _ tickets: inout [Int: (ticket: Int, domain: Int)],
    _ terms: FairTerms, _ slots: Int
  ) {
    while let waiter = shares.next() {
      guard let domain = tickets.removeValue(forKey: waiter)?.domain else {
        Issue.record("who is served was not waiting")
        return
      }
      #expect(model.lines[domain]?.first == waiter, "a line is served in its order")
      let held = model.held[domain, default: 0]
      #expect(terms.admits(held: held, weight: terms.weight(of: domain), free: slots - model.taken))
      let holdsNone = model.lines.contains { !$0.value.isEmpty && model.held[$0.key, default: 0] == 0 }
      #expect(held == 0 || !holdsNone, "whoever holds none comes first")
      model.lines[domain]?.removeFirst()
      model.held[domain, default: 0] += 1
    }
    // Whoever still waits may not have one.
    for (domain, line) in model.lines where !line.isEmpty {
      let held = model.held[domain, default: 0]
      #expect(!terms.admits(held: held, weight: terms.weight(of: domain), free: slots - model.taken))
    }
  }

  /// When all are done, nothing is left.
  private func finish(_ shares: inout FairShares<Int>, _ model: inout Model) {
    while shares.taken > 0 || shares.next() != nil {
      for domain in 0..<8 {
        while shares.held(by: domain) > 0 { shares.give(domain) }
      }
    }
    #expect(shares.waiting == 0 && shares.domains == 0)
  }

  /// All have more to do than they may, for long: each has the part of the connections that its weight is.
  @Test(arguments: [[1, 1, 1, 1], [3, 1], [5, 3, 1, 1], [2, 1, 1, 1, 1, 1, 1]], [false, true])
  func sharesConnectionsByWeight(weights: [Int], firstIsSlow: Bool) {
    var random = SplitMix(state: 7)
    var shares = FairShares<Int>(FairTerms(headroom: 10, weights: weights), slots: 100, mostWaiting: 1000)
    var running: [(domain: Int, end: Int)] = []
    var lines = Array(repeating: 0, count: weights.count)
    var used = Array(repeating: 0, count: weights.count)
    for time in 0..<4000 {
      running.removeAll { run in
        if run.end <= time { shares.give(run.domain) }
        return run.end <= time
      }
      for domain in weights.indices {
        while lines[domain] < 20 {
          _ = shares.wait(domain, of: domain)
          lines[domain] += 1
        }
      }
      while let domain = shares.next() {
        lines[domain] -= 1
        // A request of the first takes twenty times as long.
        let length = 1 + Int(random.next() % 20) * (firstIsSlow && domain == 0 ? 20 : 1)
        running.append((domain, time + length))
      }
      if time >= 1000 { for run in running { used[run.domain] += 1 } }
    }
    let sum = Double(weights.reduce(0, +))
    let all = Double(used.reduce(0, +))
    for (domain, weight) in weights.enumerated() {
      let share = Double(used[domain]) / all
      #expect(abs(share - Double(weight) / sum) < 0.03, "domain \(domain) of \(weights): \(share)")
    }
    #expect(all / 3000 >= 89, "nearly all connections are used: \(all / 3000)")
  }

  /// However heavy the others are, and though there are more domains than slots, everyone has its turn.
  @Test func nobodyStarves() {
    let weights = [1000, 500] + Array(repeating: 1, count: 30)
    var shares = FairShares<Int>(FairTerms(headroom: 10, weights: weights), slots: 8, mostWaiting: 100)
    var held: [Int] = []
    var lines = Array(repeating: 0, count: weights.count)
    var lastServed = Array(repeating: 0, count: weights.count)
    var longest = 0
    for turn in 0..<5000 {
      for domain in weights.indices {
        while lines[domain] < 3 {
          _ = shares.wait(domain, of: domain)
          lines[domain] += 1
        }
      }
      if held.count >= 8 || turn % 3 == 0, !held.isEmpty { shares.give(held.removeFirst()) }
      while let domain = shares.next() {
        lines[domain] -= 1
        longest = max(longest, turn - lastServed[domain])
        lastServed[domain] = turn
        held.append(domain)
      }
    }
    #expect(longest <= 3 * weights.count, "someone waited for \(longest) turns")
    #expect(lastServed.allSatisfy { $0 > 4800 })
  }
}

@Suite struct FairTableTests {
  @Test(arguments: 0..<8)
  func aNumberTableIsADictionary(seed: UInt64) {
    var random = SplitMix(state: seed)
    var (table, dictionary) = (NumberTable(), [Int: Int]())
    for step in 0..<20_000 {
      // Numbers far apart that meet in the same places, among others.
      let key = Int(random.next() % 40) * (random.next() % 2 == 0 ? 1 : 1 << 20)
      if dictionary[key] == nil, dictionary.count < 50 {
        table.insert(key, step)
        dictionary[key] = step
      } else {
        table.remove(key)
        dictionary[key] = nil
      }
      #expect(table.count == dictionary.count)
      let asked = Int(random.next() % 40)
      #expect(table[asked] == dictionary[asked] && table[asked << 20] == dictionary[asked << 20])
    }
  }

  @Test(arguments: 0..<8)
  func aHeapIsAnOrder(seed: UInt64) {
    var random = SplitMix(state: seed)
    var (heap, ranks) = (RankedHeap<Int>(), [Int: Int]())
    for step in 0..<5000 {
      let item = Int(random.next() % 60)
      if random.next() % 3 == 0 {
        heap.remove(item)
        ranks[item] = nil
      } else {
        let rank = Int(random.next() % 1000) * 100_000 + step
        heap.set(item, rank)
        ranks[item] = rank
      }
      #expect(heap.first == ranks.min { $0.value < $1.value }?.key && heap.count == ranks.count)
    }
  }
}
