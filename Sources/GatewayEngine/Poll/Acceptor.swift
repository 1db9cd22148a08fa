import CEpoll
import Glibc

/// One loop's share of a listening socket. While connections come one by one it accepts one for each event, so that no
/// call is in vain and loops share what comes; while they come in bursts it takes more at a time.
final class Acceptor: PollTarget {
  private let socket: ListeningSocket
  private let loop: PollLoop
  /// Who is told; it holds this.
  weak var listener: Listener?
  /// How many are accepted for the next event.
  private var batch = 1
  private static let largestBatch = 16

  init(_ socket: ListeningSocket, loop: PollLoop) {
    self.socket = socket
    self.loop = loop
  }

  func start() throws(SystemError) {
    guard slot < 0 else { return }
    try loop.poller.addLevel(self, descriptor: socket.descriptor, exclusive: true)
  }

  /// Leaves connections to the other loops, or to wait.
  func stop() { if slot >= 0 { loop.poller.remove(self, descriptor: socket.descriptor) } }

  /// Accepts what waits, at most as many as could wait when this began, and closes the socket.
  func close() {
    stop()
    var left = ListeningSocket.backlog
    while left > 0, acceptOne() { left -= 1 }
    socket.close()
  }

  override func ready(_ events: PollEvents) {
    var accepted = 0
    while accepted < batch, slot >= 0, acceptOne() { accepted += 1 }
    batch = accepted == batch ? min(2 * batch, Self.largestBatch) : max(accepted, 1)
  }

  /// - Returns: whether there may be more.
  private func acceptOne() -> Bool {
    var peer = sockaddr_storage()
    let descriptor = gh_accept(socket.descriptor, &peer)
    if descriptor >= 0 {
      listener?.accepted(descriptor, peer)
      return true
    }
    switch -descriptor {
    case EAGAIN: return false
    // Of the connection that was to be accepted, which is gone.
    case ECONNABORTED, EPERM, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH: return true
    default:
      listener?.failed(SystemError(code: -descriptor, call: "accept"))
      return false
    }
  }
}
