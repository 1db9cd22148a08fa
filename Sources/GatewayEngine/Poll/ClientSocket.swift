import Glibc
import NIOCore
import NIOSSL

/// The socket of a ``ClientStream``.
final class ClientSocket: StreamSocket {
  /// nil when nobody is to be told anything (any more).
  @exclusivity(unchecked) var owner: (any ClientStreamOwner)?
  let turnEnd = TurnEnd()
  private let security: (context: NIOSSLContext, host: String)?
  private var reason = "the connection ended"

  private init(loop: PollLoop, descriptor: CInt, security: (context: NIOSSLContext, host: String)?) {
    self.security = security
    super.init(loop: loop, descriptor: descriptor, outputBound: Self.outputBound)
    turnEnd.socket = self
  }

  private static let outputBound = 256 << 10

  static func open(
    to address: SocketAddress, on loop: PollLoop, security: (context: NIOSSLContext, host: String)?
  ) throws(SystemError) -> ClientSocket {
    let descriptor = try Descriptor.openStream(address.protocol == .inet6 ? AF_INET6 : AF_INET)
    // Closes the descriptor when it is let go of.
    let socket = ClientSocket(loop: loop, descriptor: descriptor, security: security)
    Descriptor.setNoDelay(descriptor)
    let result = address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) }
    guard result == 0 || errno == EINPROGRESS else { throw SystemError(code: errno, call: "connect") }
    try socket.register()
    socket.isConnecting = true
    return socket
  }

  override func connected(_ error: CInt) {
    guard error == 0 else { return end(SystemError(code: error, call: "connect").text) }
    guard let security else { return made() }
    do {
      secure(
        try ClientTLSMaterial.makeChannel(security.context, eventLoop: loop, host: security.host, delegate: self))
    } catch {
      end("\(error)")
    }
  }

  override func secured(serverName: String?) { made() }

  private func made() { owner?.streamConnected() }

  override func tlsBroke(_ failure: TLSFailure) { reason = "\(failure)" }

  override func inputReceived() {
    guard let owner else { return input.clear() }
    if let reason = owner.streamReceived(&input) { end(reason) }
  }

  override func inputEnded(_ end: InputEnd) { close() }

  private func end(_ reason: String) {
    self.reason = reason
    close()
  }

  override func loopEnds() { owner?.streamLoopEnds() }

  override func closed() { owner.take()?.streamEnded(reason) }

  fileprivate func turnEnds() { if isOpen { owner?.streamTurnEnds() } }
}

/// Stands in the loop's list of things to be done at the end of what goes on.
final class TurnEnd: PollTarget {
  weak var socket: ClientSocket?

  override func deferredWork() { socket?.turnEnds() }
}
