package import NIOCore

/// The server's addresses as they were last found. A look-up may take longer than an attempt to connect, or not end at all;
/// what it finds is of use to the next one.
package struct KnownAddresses {
  private var found: [SocketAddress] = []
  /// Whether no attempt has used them.
  private var isFresh = false

  /// None are known.
  package init() {}

  /// Whether there are none.
  package var isEmpty: Bool { found.isEmpty }

  /// A look-up has ended; one that finds nothing leaves what was known.
  package mutating func note(_ addresses: [SocketAddress]) {
    guard !addresses.isEmpty else { return }
    found = Array(addresses.prefix(ConnectionAttempt.mostAddresses))
    isFresh = true
  }

  /// What was found when no attempt waited for it any more; once.
  package mutating func takeFresh() -> [SocketAddress]? {
    guard isFresh else { return nil }
    return take()
  }

  /// What is known.
  package mutating func take() -> [SocketAddress] {
    isFresh = false
    return found
  }
}
