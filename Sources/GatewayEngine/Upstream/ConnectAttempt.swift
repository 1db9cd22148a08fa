import GatewayKit
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The making of one connection to an endpoint: its addresses one after the other, within the time that it has.
final class ConnectAttempt: TimerTarget {
  let endpoint: Int
  let wish: UpstreamWish
  /// How many endpoints this wish has been tried at, this one counted.
  let attempts: Int

  private let pool: UpstreamPool
  private var addresses: [SocketAddress]
  private var next = 0
  private var connection: UpstreamConnection?
  private let timer = Timer()
  private let deadline: Int64
  private var hasTimedOut = false

  init(_ wish: UpstreamWish, pool: UpstreamPool, endpoint: Int, attempts: Int) {
    self.wish = wish
    self.pool = pool
    self.endpoint = endpoint
    self.attempts = attempts
    addresses = pool.addresses(of: endpoint)
    deadline = pool.worker.context.now &+ pool.connectTimeout
    timer.target = self
  }

  /// Begins; the pool is told of the outcome later, never inside this call.
  func start() {
    if tryAddresses() { return }
    pool.worker.loop.enqueue { [self] in fail() }
  }

  /// False when no address is left that can be tried.
  private func tryAddresses() -> Bool {
    while next < addresses.count {
      let address = addresses[next]
      next += 1
      if begin(address) { return true }
    }
    return false
  }

  private func begin(_ address: SocketAddress) -> Bool {
    guard let descriptor = try? Descriptor.openStream(address.protocol == .inet6 ? AF_INET6 : AF_INET) else {
      return false
    }
    let connection = UpstreamConnection(endpoint: endpoint, pool: pool, descriptor: descriptor, attempt: self)
    Descriptor.setNoDelay(descriptor)
    let result = address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) }
    guard result == 0 || errno == EINPROGRESS, (try? connection.register()) != nil else {
      connection.discard()
      return false
    }
    connection.isConnecting = true
    self.connection = connection
    pool.worker.wheel.arm(timer, deadline: min(deadline, pool.worker.context.now &+ share))
    return true
  }

  /// Each address has its share of the time, so that a dead first one leaves some for the others.
  private var share: Int64 { pool.connectTimeout / Int64(max(addresses.count, 1)) }

  /// The connection is made, or the system says that it cannot be.
  func finished(_ connection: UpstreamConnection, error: CInt) {
    self.connection = nil
    guard error == 0 else {
      connection.discard()
      if !tryAddresses() { fail() }
      return
    }
    end()
    pool.connected(connection, for: self)
  }

  func timerFired() {
    hasTimedOut = true
    connection?.discard()
    connection = nil
    if !tryAddresses() { fail() }
  }

  private func fail() {
    end()
    pool.failed(self, timedOut: hasTimedOut)
  }

  private func end() {
    pool.worker.wheel.cancel(timer)
    timer.target = nil
  }
}
