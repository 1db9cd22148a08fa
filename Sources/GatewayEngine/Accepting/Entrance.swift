import GatewayKit
import Synchronization

/// What the loops share where connections are accepted: the bounds, and how many connections each loop has.
final class Entrance: Sendable {
  private let connections: SharedCount
  /// Exchanges that became tunnels and go on.
  let tunnels: SharedCount
  private let listeners: [SharedCount?]
  private let addresses: AddressCounts?
  private let loads: [Load]
  /// For connections that could not be accepted.
  let failureLog = LogInterval(.seconds(60))
  /// For those over a bound.
  let refusalLog = LogInterval(.seconds(60))

  private final class Load: Sendable {
    let connections = Atomic<Int>(0)
  }

  /// - Parameter listeners: the bound of each listener that has one of its own.
  init(_ limits: LimitsConfiguration, listeners: [Int?] = [], loops: Int) {
    self.listeners = listeners.map { $0.map(SharedCount.init) }
    connections = SharedCount(most: limits.connections)
    tunnels = SharedCount(most: limits.tunnels)
    addresses = limits.connectionsPerAddress.map(AddressCounts.init)
    loads = (0..<loops).map { _ in Load() }
  }

  /// Takes a place for a client's connection.
  /// - Returns: why there is none, or nil.
  func admit(_ client: ClientNetwork, at listener: Int) -> ConnectionRefusal? {
    guard connections.take() else { return .connections }
    if let own = count(of: listener), !own.take() {
      connections.giveBack()
      return .listener
    }
    if let addresses, !addresses.take(client) {
      count(of: listener)?.giveBack()
      connections.giveBack()
      return .address
    }
    return nil
  }

  private func count(of listener: Int) -> SharedCount? {
    listeners.indices.contains(listener) ? listeners[listener] : nil
  }

  /// The loop that a connection which was admitted is to live on, which has it from now on: the one that accepted it,
  /// unless that has clearly more than its share. The system wakes the same loop again and again while there is little to
  /// do, and connections that live long would all be that one's.
  func place(_ loop: Int) -> Int {
    let chosen = isOverloaded(loop) ? leastLoaded : loop
    loads[chosen].connections.wrappingAdd(1, ordering: .relaxed)
    return chosen
  }

  private func isOverloaded(_ loop: Int) -> Bool {
    guard loads.count > 1 else { return false }
    let average = connections.taken / loads.count
    return loads[loop].connections.load(ordering: .relaxed) >= average + max(Self.slack, average / 8)
  }

  /// How much a loop may have over the average before it matters.
  private static let slack = 4

  private var leastLoaded: Int {
    var (least, index) = (Int.max, 0)
    for (other, load) in loads.enumerated() {
      let count = load.connections.load(ordering: .relaxed)
      if count < least { (least, index) = (count, other) }
    }
    return index
  }

  /// Gives the place of a connection back, at its end.
  func leave(_ client: ClientNetwork, of listener: Int, from loop: Int) {
    loads[loop].connections.wrappingSubtract(1, ordering: .relaxed)
    addresses?.giveBack(client)
    count(of: listener)?.giveBack()
    connections.giveBack()
  }
}
