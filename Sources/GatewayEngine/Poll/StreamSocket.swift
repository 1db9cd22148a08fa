import CEpoll
import Glibc
import NIOCore

/// How a peer's input ended.
enum InputEnd {
  /// The peer has closed its side properly.
  case closed
  /// The connection is broken: what came before may be less than was sent.
  case failed
}

/// A non-blocking stream socket on a ``PollLoop``: input is read as long as its owner wants it, output is sent at once and
/// kept only where the system takes no more. Its subclasses are the two kinds of connections.
///
/// What a call of the owner's sets off (a write that fails, a close) is never told inside that call, but later in the
/// same turn, so that the owner's own functions run to their end undisturbed.
class StreamSocket: PollTarget {
  final let loop: PollLoop
  /// -1 when it is closed.
  final private(set) var descriptor: CInt
  /// What was received and not taken yet.
  @exclusivity(unchecked) final var input = ByteBuffer()
  /// How much output may wait here before ``isWritable`` says no, in bytes.
  final let outputBound: Int

  private final var mayBeReadable = false
  final private(set) var isReadingPaused = false
  private final var hasInputEnded = false
  private final var peerHasClosed = false
  private final var readSize = PollLoop.inputCapacity

  /// nil while plain bytes pass, and when TLS has ended.
  final private(set) var tls: TLSChannel?
  /// Whether the connection was secured: no plain byte passes from then on, not even when TLS is over and the socket is
  /// still open, since what it had to say waits to be sent.
  private final var isSecured = false
  @exclusivity(unchecked) private final var output = OutputQueue()
  /// How much was ever written, in bytes before encryption.
  private final var written: UInt64 = 0
  final var isConnecting = false
  private final var isBlocked = false
  private final var isOutputBroken = false
  private final var ending = Ending.none

  private enum Ending {
    case none
    /// Our side is to be closed when all is sent.
    case output
    /// The socket is to be closed when all is sent.
    case whole
  }

  // What is to be told later.
  private final var hasTLSEnded = false
  private final var tlsFailure: TLSFailure?
  private final var tellsClosed = false
  private final var tellsOutputClosed = false
  private final var tellsBroken = false

  init(loop: PollLoop, descriptor: CInt, outputBound: Int) {
    self.loop = loop
    self.descriptor = descriptor
    self.outputBound = outputBound
  }

  deinit {
    if descriptor >= 0 { Descriptor.close(descriptor) }
  }

  /// Begins to watch the socket.
  final func register() throws(SystemError) { try loop.poller.addStream(self, descriptor: descriptor) }

  final var isOpen: Bool { descriptor >= 0 }

  // MARK: What subclasses are told

  /// A connection that was begun is made when the error is 0.
  func connected(_ error: CInt) {}
  /// There is more in ``input``.
  func inputReceived() {}
  /// No more input will come; what came before has been told.
  func inputEnded(_ end: InputEnd) {}
  /// The peer has closed its side while its input is not being read, or the whole connection is gone. Told again with
  /// whatever else happens.
  func peerClosedUnread(isGone: Bool) {}
  /// Output is taken again, after ``isWritable`` said no.
  func outputDrained() {}
  /// Our side is closed, after all that was written.
  func outputClosed() {}
  /// The peer takes no more output.
  func outputFailed() {}
  /// The TLS handshake is done; nothing is received before.
  func secured(serverName: String?) {}
  /// The TLS connection broke. The end of the input is told besides.
  func tlsBroke(_ failure: TLSFailure) {}
  /// The loop is about to end, and to close the socket: what is written now is sent as far as the system takes it at once.
  func loopEnds() {}
  /// The socket is closed; told once.
  func closed() {}

  // MARK: Events

  final override func ready(_ events: PollEvents) {
    if events.isWritable {
      if isConnecting {
        isConnecting = false
        connected(Descriptor.pendingError(descriptor))
      }
      if isOpen, output.bytes > 0 || isBlocked { outputProgressed() }
    }
    guard isOpen, events.isReadable else { return }
    mayBeReadable = true
    peerHasClosed = peerHasClosed || events.isPeerClosed
    receive()
    if isOpen, isReadingPaused, peerHasClosed, !hasInputEnded { peerClosedUnread(isGone: events.isGone) }
  }

  final override func deferredWork() {
    if let failure = tlsFailure.take() {
      tlsBroke(failure)
      endInput(.failed)
    }
    if tellsClosed {
      tellsClosed = false
      return closed()
    }
    if isOpen, tellsBroken {
      tellsBroken = false
      outputFailed()
    }
    if isOpen, tellsOutputClosed {
      tellsOutputClosed = false
      outputClosed()
    }
    if isOpen { receive() }
  }
}

// MARK: - Input

extension StreamSocket {
  /// How often in a row one socket is read before others have their turn.
  private static let mostReads = 4
  private static let largestRead = 64 << 10

  /// Stops reading, or goes on later in this turn. What the peer sends meanwhile stays with the system.
  final func setReadingPaused(_ paused: Bool) {
    guard paused != isReadingPaused else { return }
    isReadingPaused = paused
    if !paused, mayBeReadable { loop.later(self) }
  }

  /// Takes what the peer has sent without waiting to be told of it.
  final func receiveNow() {
    mayBeReadable = true
    receive()
  }

  private final func receive() {
    var reads = 0
    while mayBeReadable, !isReadingPaused, !hasInputEnded, isOpen, tls != nil || !isSecured {
      if reads == Self.mostReads { return loop.later(self) }
      reads += 1
      receiveOnce()
    }
    // A large buffer is for as long as much comes at a time.
    if input.capacity > PollLoop.inputCapacity, input.readableBytes == 0 { input = loop.noInput }
  }

  private final func receiveOnce() {
    let before = input.readableBytes
    let (count, space) = tls.map { receive(through: $0) } ?? receivePlain()
    guard count > 0 else {
      mayBeReadable = false
      if count != -Int(EAGAIN) { transportEnded(count == 0 ? .closed : .failed) }
      return
    }
    // Less than there was room for was all there was; only the end can still be to come.
    if count < space, !peerHasClosed { mayBeReadable = false }
    if count == space {
      readSize = min(readSize * 4, Self.largestRead)
    } else if count < readSize / 8 {
      readSize = PollLoop.inputCapacity
    }
    if input.readableBytes > before { inputReceived() }
    // The memory is the TLS library's, which takes new memory when this is kept.
    if isSecured, input.readableBytes == 0 { input = ByteBuffer() }
    if hasTLSEnded { endInput(.closed) }
  }

  private final func receivePlain() -> (count: Int, space: Int) {
    makeRoom()
    return Self.receive(into: &input, from: descriptor)
  }

  private final func makeRoom() {
    if input.readableBytes > 0 {
      // What was consumed is let go of, or a peer that never ends a read with a message would keep all it sent.
      input.discardReadBytes()
      input.reserveCapacity(minimumWritableBytes: readSize)
    } else if input.capacity >= readSize {
      input.clear()
    } else if readSize == PollLoop.inputCapacity {
      input = loop.takeInput()
    } else {
      input = ByteBufferAllocator().buffer(capacity: readSize)
    }
  }

  private static func receive(into buffer: inout ByteBuffer, from descriptor: CInt) -> (count: Int, space: Int) {
    var (count, space) = (0, 0)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { target in
      space = target.count
      count = Int(gh_receive(descriptor, target.baseAddress, target.count))
      return max(count, 0)
    }
    return (count, space)
  }

  private final func receive(through tls: TLSChannel) -> (count: Int, space: Int) {
    var ciphertext =
      readSize == PollLoop.inputCapacity ? loop.takeInput() : ByteBufferAllocator().buffer(capacity: readSize)
    let result = Self.receive(into: &ciphertext, from: descriptor)
    if result.count > 0 { tls.receive(ciphertext) }
    loop.giveInput(ciphertext)
    return result
  }

  /// Over TLS an end without the peer's word for it may have been made by anybody.
  private final func transportEnded(_ end: InputEnd) {
    guard let tls, !hasTLSEnded else { return endInput(end) }
    tls.receiveEnd()
    endInput(.failed)
  }

  private final func endInput(_ end: InputEnd) {
    guard !hasInputEnded else { return }
    hasInputEnded = true
    inputEnded(end)
  }

  /// Whether nothing is left over of what the connection carried so far: the peer has sent nothing that is not taken, has
  /// not closed, and has been given everything.
  ///
  /// - Parameter looks: whether to look even when the last read found the end of what there was.
  final func isAtRest(looks: Bool) -> Bool {
    guard input.readableBytes == 0, !peerHasClosed, !hasTLSEnded, output.bytes == 0, !isOutputBroken else {
      return false
    }
    return !(looks || mayBeReadable) || gh_peek(descriptor) == -EAGAIN
  }

  /// Whether there is input that was not received or not taken.
  final var hasUnreadInput: Bool { input.readableBytes > 0 || mayBeReadable && gh_peek(descriptor) > 0 }

  /// Gives the memory of the input back while there is nothing in it.
  final func releaseInput() {
    guard input.readableBytes == 0, input.capacity >= PollLoop.inputCapacity else { return }
    var taken = loop.noInput
    swap(&taken, &input)
    loop.giveInput(taken)
  }
}

// MARK: - Output

extension StreamSocket {
  /// Whether more should be written now.
  final var isWritable: Bool { output.bytes < outputBound }

  /// How much output the system has not taken yet, in bytes.
  final var unwrittenBytes: Int { output.bytes }

  /// How much the peer has taken of all that was ever written; over TLS not quite, since its own bytes count as waiting.
  final var deliveredBytes: UInt64 {
    let waiting = UInt64(undeliveredBytes)
    return written > waiting ? written - waiting : 0
  }

  /// How much of what was written the peer has not acknowledged, in bytes, whether it waits here or with the system.
  final var undeliveredBytes: Int { output.bytes + max(0, Int(gh_unsent(descriptor))) }

  /// Writes all that is readable and clears the buffer, which keeps its memory when the system takes everything.
  final func write(_ bytes: inout ByteBuffer) {
    defer { bytes.clear() }
    written &+= UInt64(bytes.readableBytes)
    if isSecured { return encrypt(bytes, ByteBuffer()) }
    guard canSend else { return enqueue(bytes) }
    let sent = OutputQueue.send(bytes, to: descriptor)
    if sent == bytes.readableBytes { return }
    if sent > 0 { bytes.moveReaderIndex(forwardBy: sent) }
    if sent < 0, sent != -Int(EAGAIN) { return breakOutput() }
    enqueue(bytes)
  }

  /// Writes what is readable in both, the head first, and clears the head.
  final func write(_ head: inout ByteBuffer, _ body: ByteBuffer) {
    defer { head.clear() }
    written &+= UInt64(head.readableBytes + body.readableBytes)
    if isSecured { return encrypt(head, body) }
    guard canSend else {
      enqueue(head)
      return enqueue(body)
    }
    var sent = OutputQueue.send(head, body, to: descriptor)
    if sent < 0 {
      guard sent == -Int(EAGAIN) else { return breakOutput() }
      sent = 0
    }
    let ofHead = min(sent, head.readableBytes)
    head.moveReaderIndex(forwardBy: ofHead)
    enqueue(head)
    var body = body
    body.moveReaderIndex(forwardBy: sent - ofHead)
    enqueue(body)
  }

  private final func encrypt(_ head: ByteBuffer, _ body: ByteBuffer) {
    guard let tls, isOpen, !isOutputBroken else { return }
    if head.readableBytes > 0 { tls.write(head) }
    if body.readableBytes > 0 { tls.write(body) }
    tls.flush()
  }

  private final var canSend: Bool { output.bytes == 0 && !isConnecting && isOpen && !isOutputBroken }

  private final func enqueue(_ bytes: ByteBuffer) {
    guard isOpen, !isOutputBroken else { return }
    output.append(bytes)
    if !isWritable { isBlocked = true }
  }

  private final func sendOutput() {
    switch output.send(to: descriptor) {
    case .failed: breakOutput()
    case .blocked: break
    case .done: finishEnding()
    }
  }

  /// The queue may be empty already: TLS sends what waits whenever it has something to say itself.
  private final func outputProgressed() {
    if output.bytes > 0 { sendOutput() }
    if isOpen, isBlocked, output.bytes <= outputBound / 2 {
      isBlocked = false
      outputDrained()
    }
  }

  private final func breakOutput() {
    output.removeAll()
    isOutputBroken = true
    tellsBroken = true
    // What the peer sent before is still to be had, and then the end is.
    mayBeReadable = true
    loop.later(self)
  }

  /// Closes our side when all is sent; ``outputClosed()`` tells.
  final func closeOutput() {
    guard ending == .none else { return }
    tls?.closeOutput()
    ending = .output
    if output.bytes == 0 { finishEnding() }
  }

  /// Closes the socket when all is sent.
  final func closeWhenWritten() {
    tls?.close()
    ending = .whole
    if output.bytes == 0 { finishEnding() }
  }

  private final func finishEnding() {
    switch ending {
    case .none: break
    case .whole: close()
    case .output:
      guard isOpen else { return }
      _ = shutdown(descriptor, CInt(SHUT_WR))
      tellsOutputClosed = true
      loop.later(self)
    }
  }

  /// Closes the socket at once; output that waits is dropped. ``closed()`` is told later in this turn.
  final func close() {
    guard isOpen else { return }
    // Says goodbye to the peer, which needs the socket, and calls back at once.
    if let tls = tls.take() {
      ending = .whole
      tls.close()
      guard isOpen else { return }
    }
    loop.poller.forget(self)
    Descriptor.close(descriptor)
    descriptor = -1
    output.removeAll()
    input = ByteBuffer()
    tellsClosed = true
    loop.later(self)
  }

  /// Closes the socket at once so that the peer sees that it was not the proper end.
  final func reset() {
    if isOpen { Descriptor.setReset(descriptor) }
    if let tls {
      ending = .whole
      tls.abort()
    }
    close()
  }
}

// MARK: - TLS

extension StreamSocket: TLSChannelDelegate {
  /// From here on everything passes through TLS.
  final func secure(_ channel: TLSChannel) {
    tls = channel
    isSecured = true
    channel.start()
  }

  func tlsOutput(_ ciphertext: ByteBuffer) {
    if isOpen, !isOutputBroken { output.append(ciphertext) }
  }

  func tlsFlush() {
    if output.bytes > 0, !isConnecting, isOpen { sendOutput() }
    if !isWritable { isBlocked = true }
  }

  func tlsHandshakeCompleted(serverName: String?, applicationProtocol: String?) { secured(serverName: serverName) }

  func tlsReceived(_ plaintext: ByteBuffer) {
    if input.readableBytes == 0 {
      input = plaintext
    } else {
      input.discardReadBytes()
      input.writeImmutableBuffer(plaintext)
    }
  }

  func tlsReceivedEnd() { hasTLSEnded = true }

  func tlsFailed(_ failure: TLSFailure) {
    tlsFailure = failure
    loop.later(self)
  }

  /// What it still had to say is in the output.
  func tlsClosed() {
    tls = nil
    // Nothing may follow in plain text.
    isOutputBroken = true
    if isOpen, ending == .none { closeWhenWritten() }
  }
}
