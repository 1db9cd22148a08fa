import GatewayKit
import Glibc
import NIOCore

/// The making of one connection to an endpoint: its addresses one after the other, within the time that it has.
final class ConnectAttempt: TimerTarget {
  let endpoint: Int
  let wish: UpstreamWish

  private let pool: UpstreamPool
  private let addresses: [SocketAddress]
  private var next = 0
  private var connection: UpstreamConnection?
  private let timer = Timer()
  private let deadline: Int64
  private var failure = UpstreamFailure.connectFailed
  private var hasEnded = false

  init(_ wish: UpstreamWish, pool: UpstreamPool, endpoint: Int) {
    self.wish = wish
    self.pool = pool
    self.endpoint = endpoint
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
    // What ends with the gateway begins nothing new.
    while next < addresses.count, !pool.isClosed {
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
    let connection = UpstreamConnection(
      endpoint: endpoint, at: address, pool: pool, descriptor: descriptor, attempt: self)
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

  /// The connection can be used.
  func made(_ connection: UpstreamConnection) {
    self.connection = nil
    end()
    pool.connected(connection, for: wish)
  }

  /// The connection cannot be made.
  func refused(_ connection: UpstreamConnection, _ failure: UpstreamFailure) {
    self.failure = failure
    goOn(after: connection)
  }

  func timerFired() {
    failure = .connectTimeout
    goOn(after: connection)
  }

  private func goOn(after connection: UpstreamConnection?) {
    self.connection = nil
    connection?.discard()
    if !tryAddresses() { fail() }
  }

  /// Gives the connection up; nobody is told.
  func cancel() {
    end()
    connection.take()?.discard()
  }

  private func fail() {
    guard !hasEnded else { return }
    end()
    pool.failed(self, failure)
  }

  private func end() {
    hasEnded = true
    wish.attempt = nil
    pool.worker.wheel.cancel(timer)
    timer.target = nil
  }
}
