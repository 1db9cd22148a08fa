import GatewayKit
import Glibc
import NIOCore
import Testing

@testable import GatewayEngine

@Suite struct AcceptingCountTests {
  @Test func aBoundHoldsExactlyAmongManyThreads() async {
    let count = SharedCount(most: 7)
    let taken = await withTaskGroup { tasks in
      for _ in 0..<8 {
        tasks.addTask { (0..<1000).count { _ in count.take() } }
      }
      return await tasks.reduce(0, +)
    }
    #expect(taken == 7)
    #expect(count.taken == 7)
    count.giveBack()
    #expect(count.take())
    #expect(!count.take())
  }

  @Test func countsAreGoneWhenAllHaveGivenBack() async throws {
    let counts = AddressCounts(most: 100)
    await withTaskGroup { tasks in
      for index in 0..<8 {
        tasks.addTask {
          let client = network("192.0.2.\(index % 4)")
          for _ in 0..<1000 where counts.take(client) { counts.giveBack(client) }
        }
      }
    }
    #expect(counts.clients == 0)
  }

  @Test func clientsHaveTheirOwnBounds() {
    let counts = AddressCounts(most: 2)
    let (one, other) = (network("192.0.2.1"), network("192.0.2.2"))
    #expect(counts.take(one) && counts.take(one) && !counts.take(one))
    #expect(counts.take(other))
    #expect(counts.clients == 2)
    counts.giveBack(one)
    #expect(counts.take(one) && !counts.take(one))
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1", true),
    ("192.0.2.1", "192.0.2.2", false),
    ("192.0.2.1", "::ffff:192.0.2.1", true),
    ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
    ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
    ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
    ("::1", "::2", true),
    // An IPv4 address is never a network of IPv6, whatever its bits.
    ("0.0.0.0", "::1", false),
  ])
  func countsNetworks(_ one: String, _ other: String, _ isSame: Bool) {
    #expect((network(one) == network(other)) == isSame)
  }

  @Test func aRefusalTakesNoPlace() {
    var limits = LimitsConfiguration()
    limits.connections = 3
    limits.connectionsPerAddress = 2
    let entrance = Entrance(limits, loops: 1)
    let (one, other) = (network("192.0.2.1"), network("2001:db8::1"))
    #expect(entrance.admit(one, at: 0) == nil && entrance.admit(one, at: 0) == nil)
    for _ in 0..<5 { #expect(entrance.admit(one, at: 0) == .address) }
    #expect(entrance.admit(other, at: 0) == nil)
    #expect(entrance.admit(other, at: 0) == .connections)
    _ = entrance.place(0)
    entrance.leave(one, of: 0, from: 0)
    #expect(entrance.admit(one, at: 0) == nil)
  }

  @Test func aListenerHasItsOwnBoundWithinTheGateways() {
    var limits = LimitsConfiguration()
    limits.connections = 4
    limits.connectionsPerAddress = 2
    let entrance = Entrance(limits, listeners: [nil, 2], loops: 1)
    let (one, other) = (network("192.0.2.1"), network("192.0.2.2"))
    #expect(entrance.admit(one, at: 1) == nil)
    #expect(entrance.admit(one, at: 0) == nil)
    // Refused for its address, it leaves the listener's place to another.
    #expect(entrance.admit(one, at: 1) == .address)
    #expect(entrance.admit(other, at: 1) == nil)
    #expect(entrance.admit(other, at: 1) == .listener)
    #expect(entrance.admit(other, at: 0) == nil)
    #expect(entrance.admit(network("192.0.2.3"), at: 0) == .connections)
    _ = entrance.place(0)
    entrance.leave(other, of: 1, from: 0)
    #expect(entrance.admit(other, at: 1) == nil)
  }

  @Test(arguments: [1, 2, 3, 16])
  func loopsShareLongConnectionsWhoeverAcceptsThem(_ loops: Int) {
    let entrance = Entrance(LimitsConfiguration(), loops: loops)
    var counts = Array(repeating: 0, count: loops)
    for _ in 0..<(64 * loops) {
      #expect(entrance.admit(network("192.0.2.1"), at: 0) == nil)
      counts[entrance.place(0)] += 1
    }
    #expect(counts.allSatisfy { $0 <= 64 + 9 }, "\(counts)")
  }

  @Test func aLoopKeepsWhatItAcceptsWhileLoopsAreEven() {
    let entrance = Entrance(LimitsConfiguration(), loops: 2)
    for index in 0..<1000 {
      #expect(entrance.admit(network("192.0.2.1"), at: 0) == nil)
      #expect(entrance.place(index % 2) == index % 2)
    }
  }

  @Test func logsOnceInAnInterval() {
    let interval = LogInterval(.seconds(60))
    #expect(interval.passes(now: 5))
    #expect(!interval.passes(now: 6))
    #expect(!interval.passes(now: 60_000_000_004))
    #expect(interval.passes(now: 60_000_000_005))
    #expect(!interval.passes(now: 60_000_000_006))
  }
}

/// By the way that a peer's address takes: from a socket's form.
private func network(_ text: String) -> ClientNetwork {
  guard let address = try? SocketAddress(ipAddress: text, port: 1) else {
    Issue.record("\(text) is no address")
    return ClientNetwork(nil)
  }
  var storage = sockaddr_storage()
  address.withSockAddr { source, count in
    withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count)) }
  }
  let peer = IPAddress(storage)
  #expect(peer == IPAddress(text))
  return ClientNetwork(peer)
}
