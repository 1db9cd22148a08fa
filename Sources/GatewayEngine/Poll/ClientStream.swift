package import NIOCore
package import NIOSSL

/// Whom a ``ClientStream`` tells what happens. Called on the loop, and never inside a call of the owner's.
package protocol ClientStreamOwner: AnyObject {
  /// The connection is made, and secured where it is to be.
  func streamConnected()
  /// There is more input; what is not taken stays in the buffer. The stream must not be ended inside this call, but by
  /// what it returns: why it is to end, or nil.
  func streamReceived(_ input: inout ByteBuffer) -> String?
  /// What ``ClientStream/notifyAtTurnEnd()`` asked for: all events of this turn have been told.
  func streamTurnEnds()
  /// The loop is about to end: what is sent now still goes out, as far as the system takes it at once.
  func streamLoopEnds()
  /// The connection is closed, or could not be made; the last call. The text says why, and nothing of what was sent.
  func streamEnded(_ reason: String)
}

/// A connection to a server, on a loop of the gateway's, for parts of the gateway other than the engine: stores. Bound to
/// its loop.
package final class ClientStream {
  private let socket: ClientSocket

  /// Begins to connect. On the loop.
  ///
  /// - Parameters:
  ///   - tls: what the connection is secured with, and the server's name or address that its certificate must carry.
  ///   - owner: held until the connection has ended.
  /// - Throws: when no connection can even be begun; the owner is told nothing then.
  package init(
    to address: SocketAddress, on loop: PollLoop, tls: (context: NIOSSLContext, host: String)?,
    owner: any ClientStreamOwner
  ) throws(SystemError) {
    socket = try ClientSocket.open(to: address, on: loop, security: tls)
    socket.owner = owner
  }

  /// Sends what is readable and clears the buffer, which keeps its memory when the system takes everything.
  package func send(_ bytes: inout ByteBuffer) { socket.write(&bytes) }

  /// Has the owner told when all events of this turn have been.
  package func notifyAtTurnEnd() { socket.loop.later(socket.turnEnd) }

  /// Closes at once; nobody is told.
  package func discard() {
    socket.owner = nil
    socket.close()
  }

  /// Closes when all that was written is sent; nobody is told.
  package func endWhenSent() {
    socket.owner = nil
    socket.closeWhenWritten()
  }
}
