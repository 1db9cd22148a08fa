import NIOCore

/// Where a ``TLSChannel`` hands its bytes and news. All calls come on the channel's event loop, from inside a call to the
/// channel; each of them may call back into it, ``TLSChannel/receive(_:)`` and ``TLSChannel/receiveEnd()`` excepted.
protocol TLSChannelDelegate: AnyObject {
  /// Bytes for the peer. Memory is shared with the channel: the buffer is used again once the last reference to it is
  /// gone, and replaced when it is kept.
  func tlsOutput(_ ciphertext: ByteBuffer)
  /// What was put out so far should leave.
  func tlsFlush()
  /// Comes once, before any plaintext.
  ///
  /// - Parameter serverName: what the client asked for, in lower case and without a dot at its end; nil on a client.
  /// - Parameter applicationProtocol: what both agreed on (ALPN); nil when nothing was negotiated.
  func tlsHandshakeCompleted(serverName: String?, applicationProtocol: String?)
  /// Bytes from the peer; memory is shared as in ``tlsOutput(_:)``.
  func tlsReceived(_ plaintext: ByteBuffer)
  /// The peer has said that it sends nothing more (`close_notify`): what was received is complete. Writing goes on.
  func tlsReceivedEnd()
  /// At most once, before ``tlsClosed()``. Not called for what happens after ``TLSChannel/close()``.
  func tlsFailed(_ failure: TLSFailure)
  /// The last call; the channel holds nothing any more. What was put out before still wants to be sent.
  func tlsClosed()
}
