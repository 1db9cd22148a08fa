import GatewayEngine
import GatewayKit
import Logging
import NIOCore

/// Who sends commands over a ``RedisLink``.
protocol RedisLinkUser: AnyObject {
  /// The connection can be used; what waits for it is to be sent.
  func linkReady()
  /// The link is about to be shut down; what is sent now still goes out.
  func linkEnds()
  /// There is more input.
  func linkReceived(_ input: inout ByteBuffer) throws(RedisError)
  /// The connection was lost or could not be made: every answer that is waited for will not come.
  func linkLost(_ failure: LimitFailure)
  /// When the next answer must be there, in nanoseconds of ``RedisLink/time()``; nil when none is waited for.
  var nextDeadline: Int64? { get }
}

/// The one connection of a loop to the server: made when it is first asked for, and again after it was lost, as
/// ``LinkState`` says. Bound to its loop.
///
/// When an answer does not come in time the connection is ended, since everything behind it is late as well, and an
/// answer that came after all would otherwise be taken for another command's.
final class RedisLink {
  let loop: PollLoop
  let settings: RedisSettings
  let logger: Logger
  /// Held until the link is shut down.
  var user: (any RedisLinkUser)?

  @exclusivity(unchecked) var state = LinkState()
  @exclusivity(unchecked) var stream: ClientStream?
  /// Commands of this turn of the loop, which leave in one write.
  @exclusivity(unchecked) var output = ByteBuffer()
  private var isFlushDue = false
  /// When the current turn's first command was given; read once for all of them.
  @exclusivity(unchecked) private(set) var turnTime: Int64 = 0

  // While a connection is made.
  var attempt = ConnectionAttempt()
  var known = KnownAddresses()
  /// Answers to the greeting that have not come.
  var greetings = 0
  /// Whether a look-up of the server's name has not ended.
  var isResolving = false

  private var timer: (task: Scheduled<Void>, deadline: Int64)?
  private var restsUntil: Int64 = 0
  /// Why the connection is being ended, until that is told.
  private var failure: RedisError?

  init(_ settings: RedisSettings, on loop: PollLoop, logger: Logger) {
    self.settings = settings
    self.loop = loop
    self.logger = logger
  }

  /// Monotonic nanoseconds of the system: what passes while the server is waited for is real, whatever the time that limits
  /// are judged by.
  static func time() -> Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

  /// What becomes of a request now; a connection is begun if it needs one.
  func ask() -> LinkState.Answer {
    let answer = state.ask()
    if answer == .connectAndWait { connect() }
    return answer
  }

  var isReady: Bool {
    if case .ready = state.phase { return true }
    return false
  }

  /// Whether something was given in this turn already.
  var hasCommands: Bool { isFlushDue }

  /// Sends what is in ``output`` when all that goes on in this turn has been done. To be called before a command is added,
  /// when ``isReady``.
  func flushSoon() {
    guard !isFlushDue else { return }
    isFlushDue = true
    turnTime = Self.time()
    stream?.notifyAtTurnEnd()
  }

  /// Ends the connection because of an error; whoever waits is told.
  func lose(_ error: RedisError) {
    stream?.discard()
    lost(error)
  }

  /// Ends the link for good, when everything that was given is sent.
  func shutdown() {
    if isReady { user?.linkEnds() }
    state.end()
    stopTimer()
    flush()
    stream?.endWhenSent()
    stream = nil
    let last = user
    user = nil
    last?.linkLost(.unreachable)
  }

  private func flush() {
    isFlushDue = false
    if output.readableBytes > 0 { stream?.send(&output) }
    releaseOutput()
  }

  /// Gives back what only many or large commands at once have needed.
  private func releaseOutput() {
    if output.storageCapacity > Self.mostHeld { output = ByteBuffer() }
  }

  /// Bytes of memory that are held for the next commands.
  private static let mostHeld = 64 << 10

  var place: Logger.Metadata { ["host": "\(settings.host)", "port": "\(settings.port)"] }
}

// MARK: - Loss and return

extension RedisLink {
  /// The connection is gone, or cannot be made.
  func lost(_ error: RedisError, isAtRest: Bool = false) {
    stream = nil
    output.clear()
    releaseOutput()
    isFlushDue = false
    stopTimer()
    let now = Self.time()
    let loss = state.lost(now: now, isAtRest: isAtRest)
    if loss.isFirst {
      logger.warning("shared store is not available", metadata: place.merging(["error": "\(error)"]) { $1 })
    }
    if let rest = loss.rest {
      restsUntil = now &+ rest
      arm(restsUntil)
    }
    if loss.reconnects { connect() } else { user?.linkLost(error.failure) }
  }

  /// The server has answered the greeting.
  func ready() {
    stopTimer()
    if state.connected(now: Self.time()) { logger.info("shared store is back", metadata: place) }
    user?.linkReady()
  }
}

// MARK: - Socket

extension RedisLink: ClientStreamOwner {
  func streamConnected() { greet() }

  func streamReceived(_ input: inout ByteBuffer) -> String? {
    do {
      while greetings > 0, try answerGreeting(&input) {}
      if greetings == 0 { try user?.linkReceived(&input) }
      return nil
    } catch {
      failure = error
      return "\(error)"
    }
  }

  func streamTurnEnds() { flush() }

  /// Nothing is wrong with the server.
  func streamLoopEnds() { shutdown() }

  func streamEnded(_ reason: String) {
    let error = failure.take() ?? .unreachable(reason)
    stream = nil
    if isReady { return lost(error, isAtRest: error == .unreachable(reason) && user?.nextDeadline == nil) }
    connectionRefused(error)
  }
}

// MARK: - The timer

extension RedisLink {
  /// Has the link look at its deadlines at this time. One timer serves all: mostly it is set already for one that is
  /// earlier, so most requests set none.
  func arm(_ deadline: Int64) {
    if let timer, timer.deadline <= deadline { return }
    timer?.task.cancel()
    let time = NIODeadline.uptimeNanoseconds(UInt64(clamping: deadline))
    let task = loop.assumeIsolated().scheduleTask(deadline: time) { [weak self] () -> Void in self?.timerFired() }
    timer = (task, deadline)
  }

  func stopTimer() {
    timer?.task.cancel()
    timer = nil
  }

  private func timerFired() {
    timer = nil
    let now = Self.time()
    switch state.phase {
    case .idle, .over: break
    case .resting:
      if now < restsUntil { arm(restsUntil) } else if state.rested() { connect() }
    case .connecting: attemptTimedOut(now)
    case .ready:
      guard let deadline = user?.nextDeadline else { return }
      if deadline <= now { lose(.timeout) } else { arm(deadline) }
    }
  }
}
