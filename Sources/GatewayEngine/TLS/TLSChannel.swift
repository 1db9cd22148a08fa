import NIOCore
import NIOSSL

/// TLS over bytes that somebody else moves: ciphertext of the peer goes in with ``receive(_:)``, plaintext for it with
/// ``write(_:)``, and what comes of both goes to the delegate.
///
/// NIOSSL is a channel handler, so this is a channel around one, without a socket. Everything happens inside the calls,
/// on the one event loop; nothing is scheduled on it. The pipeline, the channel and its delegate hold each other until
/// ``TLSChannelDelegate/tlsClosed()``, which ``close()`` brings about in any state: who makes a channel must close it.
///
/// Sendable only since `Channel` asks for it; to be used on its event loop alone.
final class TLSChannel: @unchecked Sendable {
  private enum Phase {
    case idle, open
    /// To be torn down as soon as no call is on the stack: the TLS handler may be in the middle of something.
    case closing
    case closed
  }

  let eventLoop: any EventLoop
  /// What a client's certificate check takes for the server's address; see ``ClientTLSMaterial``.
  let remoteAddress: SocketAddress?
  let closePromise: EventLoopPromise<Void>
  lazy var pipeline = ChannelPipeline(channel: self)
  /// Held until the end, like the pipeline.
  private var delegate: (any TLSChannelDelegate)?

  private var phase = Phase.idle
  private var depth = 0
  /// The owner has closed: it hears nothing more but the last call.
  private var isMuted = false
  /// The peer is not told that this is the end.
  private var isAborted = false
  private var endReceived = false
  private var failure: TLSFailure?
  /// A server's, until the handshake's first message is there whole.
  private var greeting: (material: ServerTLSMaterial, reader: ClientHelloReader)?
  private(set) var isSecured = false
  private(set) var isHandshakeCompleted = false
  private(set) var serverName: String?

  /// A channel around this handler, a server's or a client's.
  init(
    eventLoop: any EventLoop, handler: NIOSSLHandler, remoteAddress: SocketAddress? = nil,
    delegate: (any TLSChannelDelegate)?
  ) throws {
    self.eventLoop = eventLoop
    self.remoteAddress = remoteAddress
    self.delegate = delegate
    closePromise = eventLoop.makePromise()
    try secure(handler)
  }

  /// A server's channel that takes the certificate for the name that the client asks for.
  init(eventLoop: any EventLoop, material: ServerTLSMaterial, delegate: (any TLSChannelDelegate)?) {
    self.eventLoop = eventLoop
    self.remoteAddress = nil
    self.delegate = delegate
    closePromise = eventLoop.makePromise()
    greeting = (material, ClientHelloReader())
  }

  var isActive: Bool { phase == .open || phase == .closing }

  private func secure(_ handler: NIOSSLHandler) throws {
    try pipeline.syncOperations.addHandler(handler)
    try pipeline.syncOperations.addHandler(PlaintextHandler(self))
    isSecured = true
  }
}

// MARK: - What the owner calls

extension TLSChannel {
  /// Begins the handshake; to be called once, before anything else.
  func start() {
    guard phase == .idle else { return }
    phase = .open
    depth += 1
    if isSecured { pipeline.syncOperations.fireChannelActive() }
    leave()
  }

  /// Bytes of the peer.
  func receive(_ ciphertext: ByteBuffer) {
    guard phase == .open, ciphertext.readableBytes > 0 else { return }
    depth += 1
    if let bytes = isSecured ? ciphertext : greet(ciphertext) {
      let pipeline = pipeline.syncOperations
      pipeline.fireChannelRead(NIOAny(bytes))
      // Also after a failure: this is what sends the alert.
      pipeline.fireChannelReadComplete()
    }
    leave()
  }

  /// The transport will bring nothing more. Unless the peer has said so before, the connection is over.
  func receiveEnd() {
    guard phase == .open, !endReceived else { return }
    depth += 1
    fail(isHandshakeCompleted ? .truncated : .endDuringHandshake)
    leave()
  }

  /// Bytes for the peer, encrypted with the next ``flush()``; what comes before the end of the handshake waits for it. A
  /// server has nothing to say before it was greeted: what it writes then is dropped.
  func write(_ plaintext: ByteBuffer) {
    guard phase == .open, isSecured else { return }
    pipeline.syncOperations.write(NIOAny(plaintext), promise: nil)
  }

  func flush() {
    guard phase == .open, isSecured else { return }
    depth += 1
    pipeline.syncOperations.flush()
    leave()
  }

  /// Sends what was written and `close_notify`; reading goes on until the peer has sent its own. When it already has,
  /// this is the end of the connection.
  func closeOutput() {
    guard phase == .open, isSecured else { return }
    depth += 1
    endOutput()
    leave()
  }

  /// Ends the connection now: sends what was written and `close_notify` if the handshake got so far, and waits for no
  /// answer. Safe in every state and from every callback.
  func close() {
    isMuted = true
    guard phase == .idle || phase == .open else { return }
    depth += 1
    if phase == .open, isHandshakeCompleted { endOutput() }
    phase = .closing
    leave()
  }

  /// Ends the connection now and says nothing of it to the peer, to which it is cut.
  func abort() {
    isMuted = true
    guard phase == .idle || phase == .open else { return }
    depth += 1
    isAborted = true
    phase = .closing
    leave()
  }

  private func endOutput() {
    // After the peer's `close_notify` the handler would shut down without sending what waits for a flush.
    pipeline.syncOperations.flush()
    if phase == .open { pipeline.syncOperations.close(mode: .output, promise: nil) }
  }

  /// Reads the first message for the name; returns all bytes for the handler when there is one.
  private func greet(_ bytes: ByteBuffer) -> ByteBuffer? {
    guard let material = greeting?.material, case .done(let name, let held)? = greeting?.reader.feed(bytes) else {
      return nil
    }
    greeting = nil
    serverName = name
    do {
      try secure(material.makeHandler(serverName: name))
      return held
    } catch {
      fail(TLSFailure(error, handshakeDone: false))
      return nil
    }
  }
}

// MARK: - What the pipeline says

extension TLSChannel {
  func handshakeCompleted(_ applicationProtocol: String?) {
    guard !isHandshakeCompleted else { return }
    isHandshakeCompleted = true
    if isHeard { delegate?.tlsHandshakeCompleted(serverName: serverName, applicationProtocol: applicationProtocol) }
  }

  func received(_ plaintext: ByteBuffer) {
    if isHeard { delegate?.tlsReceived(plaintext) }
  }

  func receivedEnd() {
    guard isHeard, !endReceived else { return }
    endReceived = true
    delegate?.tlsReceivedEnd()
  }

  func caught(_ error: any Error) {
    guard isActive else { return }
    fail(TLSFailure(error, handshakeDone: isHandshakeCompleted))
  }

  func output(_ ciphertext: ByteBuffer) {
    if isActive, !isAborted { delegate?.tlsOutput(ciphertext) }
  }

  func outputFlushed() {
    if isActive { delegate?.tlsFlush() }
  }

  /// The handler has closed; it says why beforehand, unless both sides have ended in order.
  func closed() {
    guard phase == .open else { return }
    depth += 1
    phase = .closing
    leave()
  }

  private var isHeard: Bool { isActive && !isMuted }

  private func fail(_ failure: TLSFailure) {
    if self.failure == nil, !isMuted { self.failure = failure }
    phase = .closing
  }

  private func leave() {
    depth -= 1
    if depth == 0, phase == .closing { finish() }
  }

  private func finish() {
    phase = .closed
    // The handler answers with errors for what it still had to do; nobody waits for them.
    if isSecured { pipeline.syncOperations.fireChannelInactive() }
    removeHandlers(pipeline: pipeline)
    greeting = nil
    closePromise.succeed(())
    guard let delegate else { return }
    self.delegate = nil
    if let failure = failure ?? (isMuted || endReceived ? nil : .unexplained) { delegate.tlsFailed(failure) }
    delegate.tlsClosed()
  }
}
