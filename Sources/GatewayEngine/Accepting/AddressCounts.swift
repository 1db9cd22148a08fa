import Synchronization

/// How many connections each client has open, on all loops together, up to a bound that holds exactly.
///
/// Looked at when a connection begins and ends, and only where the bound is configured. Who has no connection open is not
/// in it, so it is no larger than the bound of all connections. Swift seeds its hashes, so nobody can choose addresses that
/// collide in a table.
final class AddressCounts: Sendable {
  private let stripes: [Stripe]
  private let most: Int

  private final class Stripe: Sendable {
    let counts = Mutex<[ClientNetwork: Int]>([:])
  }

  init(most: Int) {
    self.most = most
    stripes = (0..<16).map { _ in Stripe() }
  }

  /// Counts one more for a client; false when it has as many as it may.
  func take(_ client: ClientNetwork) -> Bool {
    stripe(client).counts.withLock { counts in
      let count = counts[client, default: 0]
      guard count < most else { return false }
      counts[client] = count + 1
      return true
    }
  }

  func giveBack(_ client: ClientNetwork) {
    stripe(client).counts.withLock { counts in
      guard let count = counts[client] else { return }
      counts[client] = count > 1 ? count - 1 : nil
    }
  }

  /// How many clients have connections open.
  var clients: Int { stripes.reduce(0) { sum, stripe in sum + stripe.counts.withLock(\.count) } }

  private func stripe(_ client: ClientNetwork) -> Stripe {
    stripes[Int(truncatingIfNeeded: UInt(bitPattern: client.hashValue) % UInt(stripes.count))]
  }
}
