package import NIOCore

/// The making of one connection: the server's addresses one after the other, within the time that it has. A value without
/// clock or socket; times are monotonic nanoseconds.
package struct ConnectionAttempt {
  /// More addresses are not tried in one attempt.
  package static let mostAddresses = 4

  private var addresses: ArraySlice<SocketAddress> = []
  private var share: Int64 = 0
  /// Whether the addresses are known.
  package private(set) var isResolved = false
  /// When to do with addresses that were found before, so that some time is left for them.
  package private(set) var patience: Int64 = 0
  /// When the attempt as a whole must have come to an end.
  package private(set) var deadline: Int64 = 0

  /// Nothing is attempted.
  package init() {}

  /// An attempt begins; addresses are to come.
  package init(now: Int64, limit: Int64) {
    deadline = now &+ limit
    patience = now &+ limit / 2
  }

  /// The addresses are known. Each has its share of the time that is left, so that a dead first one leaves some for the
  /// others.
  package mutating func resolved(_ found: [SocketAddress], now: Int64) {
    isResolved = true
    addresses = found.prefix(Self.mostAddresses)
    share = max(deadline &- now, 0) / Int64(max(addresses.count, 1))
  }

  /// The next address to try, and until when; nil when there is none, or no time.
  package mutating func next(now: Int64) -> (address: SocketAddress, deadline: Int64)? {
    guard now < deadline, let address = addresses.popFirst() else { return nil }
    return (address, addresses.isEmpty ? deadline : min(deadline, now &+ share))
  }
}
