import GatewayKit
import Logging
import NIOCore

/// Sends changes until the server has taken each: one whose fate is unknown, or that the server has refused, is sent
/// again, since to drop something twice does no harm. Bound to its loop.
final class SpreadPublisher: RedisLinkUser {
  /// How many answers are waited for at a time; what comes meanwhile waits where its like becomes one.
  private static let mostSent = 256
  /// How long to wait after a refusal, in nanoseconds: twice as long each time, up to the last.
  private static let rests: (first: Int64, last: Int64) = (250_000_000, 30_000_000_000)

  private enum Item {
    case change(SpreadNews)
    /// Asks for the number of the last change.
    case count
    /// Has numbers begin above this one.
    case restart(Int64)
  }

  private let link: RedisLink
  private let sender: String
  private let logger: Logger
  private var waiting = SpreadQueue()
  private var wantsCount = false
  private var restart: Int64?
  private var sent = CircularBuffer<(item: Item, deadline: Int64)>()
  /// Set while nothing is sent since the server refuses what it gets.
  private var resting: Scheduled<Void>?
  private var rest = SpreadPublisher.rests.first
  private var hasRefused = false
  private var isEnding = false
  private let sentCount: Counter
  /// What marks the answers on the server that a change makes worthless; nil when there are none.
  private let mark: ((CacheChange) -> SpreadMark)?
  /// Set from a refusal on until everything has been answered that was sent before it: then what is sent is in the order
  /// of the numbers again.
  private var isSettling = false
  /// Told the number of the last change, and its name.
  var counted: ((Int64, String) -> Void)?
  /// Told up to which number the server has taken every change.
  var told: ((UInt64) -> Void)?
  /// Told whether the server takes what it gets, and has all of it but what is on its way.
  private let isTaken: (Bool) -> Void

  init(
    _ link: RedisLink, sender: String, logger: Logger, sentCount: Counter, mark: ((CacheChange) -> SpreadMark)? = nil,
    isTaken: @escaping (Bool) -> Void
  ) {
    self.link = link
    self.sender = sender
    self.logger = logger
    self.sentCount = sentCount
    self.mark = mark
    self.isTaken = isTaken
    link.user = self
    _ = link.ask()
  }

  func publish(_ news: SpreadQueue) {
    waiting.append(contentsOf: news)
    flush()
  }

  /// Asks for the number of the last change; ``counted`` is told.
  func count() {
    wantsCount = true
    flush()
  }

  /// The server has gone back behind a number: numbers begin anew above it, and everybody drops everything.
  func restart(above number: Int64) {
    restart = max(restart ?? number, number)
    flush()
  }

  private func flush() {
    if sent.isEmpty { isSettling = false }
    while link.isReady, resting == nil, !isSettling, isEnding || sent.count < Self.mostSent, let item = next() {
      send(item)
    }
    tellState()
  }

  private func tellState() { isTaken(link.isReady && !hasRefused && waiting.isEmpty) }

  private func next() -> Item? {
    if wantsCount {
      wantsCount = false
      return .count
    }
    if let number = restart.take() { return .restart(number) }
    return waiting.popFirst().map { .change($0) }
  }

  private func send(_ item: Item) {
    link.flushSoon()
    var bytes =
      switch item {
      case .change(let news): SpreadCommand.publish(news.change.text, from: sender, mark?(news.change)).bytes
      case .count: SpreadCommand.count.bytes
      case .restart(let number):
        SpreadCommand.restart(above: number, from: sender, mark?(.purge(CachePurge(.all)))).bytes
      }
    link.output.writeBuffer(&bytes)
    let deadline = link.turnTime &+ link.settings.timeout.limit
    sent.append((item, deadline))
    link.arm(deadline)
  }

  private func putBack(_ item: Item) {
    switch item {
    case .change(let news): waiting.putBack(news)
    case .count: wantsCount = true
    case .restart(let number): restart = max(restart ?? number, number)
    }
  }

  var nextDeadline: Int64? { sent.first?.deadline }

  func linkReady() { flush() }

  /// What is left is sent as far as the system takes it.
  func linkEnds() {
    isEnding = true
    flush()
  }

  /// Whoever connects anew asks anew; but the other connection may be there all the time and wait for the number, so what
  /// was asked stays.
  func linkLost(_ failure: LimitFailure) {
    while let (item, _) = sent.popFirst() { if !isEnding { putBack(item) } }
    tellState()
  }

  /// Ends the link, and says what others were not told.
  func shutdown() {
    resting?.cancel()
    link.shutdown()
    isEnding = true
    guard !waiting.isEmpty else { return }
    logger.error(
      "ended before other gateways were told what was purged or changed; purge there too, at their admin side",
      metadata: link.place.merging(["changes": "\(waiting.count)"]) { $1 })
  }
}

// MARK: - What the server says

extension SpreadPublisher {
  func linkReceived(_ input: inout ByteBuffer) throws(RedisError) {
    while let reply = try RedisError.reply(&input) {
      guard let (item, _) = sent.popFirst() else { throw .unexpectedReply }
      switch (reply, item) {
      case (.integer, .change), (.integer, .restart):
        sentCount.add()
        taken()
      case (.array(let parts), .count):
        guard parts.count == 2, case .integer(let number) = parts[0], case .bulk(let name) = parts[1] else {
          throw .unexpectedReply
        }
        taken()
        counted?(number, String(buffer: name))
      case (.error(let text), _):
        putBack(item)
        isSettling = true
        refused(text)
        // What is about the server as it is now is said again by a new connection.
        if RedisError.isOfServer(text) { throw .failed(text) }
        restAWhile()
      default:
        putBack(item)
        throw .unexpectedReply
      }
    }
    flush()
  }

  private func taken() {
    hasRefused = false
    rest = Self.rests.first
    told?(lastTaken)
  }

  /// The number up to which the server has taken every change. What waits and what was sent are in the order of their
  /// numbers, each, and so what is at their heads is the oldest.
  private var lastTaken: UInt64 {
    let sent = sent.lazy.compactMap { if case .change(let news) = $0.item { news.number } else { nil } }.first
    return min(sent ?? .max, waiting.first ?? .max, waiting.newest &+ 1) &- 1
  }

  private func refused(_ text: String) {
    defer { hasRefused = true }
    guard !hasRefused else { return }
    logger.error(
      "the server refuses what other gateways are to be told; it is asked again and again",
      metadata: link.place.merging(["error": "\(text)"]) { $1 })
  }

  private func restAWhile() {
    guard resting == nil, !isEnding else { return }
    resting = link.loop.assumeIsolated().scheduleTask(in: .nanoseconds(rest)) { [weak self] () -> Void in
      guard let self else { return }
      resting = nil
      flush()
    }
    rest = min(rest * 2, Self.rests.last)
  }
}
