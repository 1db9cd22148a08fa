import GatewayKit
import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite struct BalancingHashTests {
  private let keys = 20_000

  /// Keys of every kind are hashed well enough: here simply one after the other.
  private func owners(_ upstream: inout Upstream) -> [Int?] { (0..<keys).map { upstream.choose(key: UInt64($0)) } }

  @Test(arguments: [[1, 1, 1], [1, 2, 3, 10], [1000, 500, 1], [999, 1000, 998]])
  func sharesFollowTheWeights(weights: [Int]) {
    var upstream = Upstream(.hash(.token), weights)
    let owners = owners(&upstream)
    for index in weights.indices {
      let share = Double(owners.count { $0 == index }) / Double(keys)
      // Four times the deviation that as many slots and keys have by chance.
      #expect(abs(share - Double(weights[index]) / Double(weights.reduce(0, +))) < 0.03, "\(index)")
    }
  }

  @Test func sharesOfManyAreFair() {
    var upstream = Upstream(.hash(.token), Array(repeating: 1, count: 100))
    var counts = Array(repeating: 0, count: 100)
    for owner in owners(&upstream) { if let owner { counts[owner] += 1 } }
    #expect(counts.allSatisfy { (110...290).contains($0) }, "\(counts)")
  }

  @Test func isTheSameEverywhere() {
    // Written down: gateways of another build must agree.
    var upstream = Upstream(.hash(.token), [1, 2, 3])
    #expect((0..<12).map { upstream.choose(key: $0) } == [2, 2, 2, 0, 1, 1, 1, 0, 1, 1, 0, 2])
  }

  /// Only the keys of the one that is left out go elsewhere; they come back, and until then each stays where it is.
  @Test(arguments: [[1, 1, 1, 1], [5, 1, 2, 2]]) func onlyKeysOfOneThatIsLeftOutMove(weights: [Int]) {
    var upstream = Upstream(.hash(.token), weights)
    let before = owners(&upstream)
    for down in weights.indices {
      upstream.states[down].ejectedUntil = .max
      let after = owners(&upstream)
      #expect(zip(before, after).allSatisfy { $0 == down || $0 == $1 })
      #expect(owners(&upstream) == after)
      let moved = zip(before, after).filter { $0.0 == down }.map(\.1)
      let rest = weights.reduce(0, +) - weights[down]
      for other in weights.indices where other != down {
        let share = Double(moved.count { $0 == other }) / Double(moved.count)
        #expect(abs(share - Double(weights[other]) / Double(rest)) < 0.08)
      }
      upstream.states[down] = EndpointState()
    }
    #expect(owners(&upstream) == before)
  }

  /// The same for an upstream that is configured without it, or in another order, or with another weight.
  @Test(arguments: [[1, 1, 1, 1, 1], [5, 1, 2, 2, 1000]]) func keysFollowIdentities(weights: [Int]) {
    let names = weights.indices.map { "host\($0).test:80" }
    var whole = Upstream(.hash(.domain), weights, identities: names)
    let before = owners(&whole).map { $0.map { names[$0] } }
    let order = [3, 1, 4, 0]
    var part = Upstream(.hash(.domain), order.map { weights[$0] }, identities: order.map { names[$0] })
    let after = owners(&part).map { $0.map { names[order[$0]] } }
    #expect(zip(before, after).allSatisfy { $0 == names[2] || $0 == $1 })
    #expect(!after.contains(names[2]))

    var heavier = weights
    heavier[1] += 1
    var more = Upstream(.hash(.domain), heavier, identities: names)
    let grown = owners(&more).map { $0.map { names[$0] } }
    #expect(zip(before, grown).allSatisfy { $0 == $1 || $1 == names[1] })
  }

  @Test func endpointsOfOneNameShare() {
    var upstream = Upstream(.hash(.token), [1, 1, 1], identities: ["a:1", "a:1", "a:1"])
    let owners = owners(&upstream)
    for index in 0..<3 { #expect(owners.count { $0 == index } > keys / 4) }
  }

  @Test func withoutAKeyItChoosesAtRandom() {
    var upstream = Upstream(.hash(.token), [1, 3])
    let counts = upstream.counts(4000)
    #expect((850...1150).contains(counts[0]))
  }
}
