import GatewayKit
import Logging
import NIOCore

/// Sends changes, in order, until the server has taken each: one whose fate is unknown is sent again, since to drop
/// something twice does no harm. Bound to its loop.
final class SpreadPublisher: RedisLinkUser {
  /// How many may wait; when there are more, others are told to drop everything.
  private static let most = 1024

  private enum Item {
    case change(SpreadNews)
    /// Asks for the number of the last change.
    case count
  }

  private let link: RedisLink
  private let sender: String
  private let logger: Logger
  private var waiting = CircularBuffer<Item>()
  private var sent = CircularBuffer<(item: Item, deadline: Int64)>()
  private var hasLoggedError = false
  private let sentCount: Counter
  /// Says that everything is worthless.
  private let everything: SpreadNews
  /// The number of the last change that the server has refused: when it takes changes again, it is told that everything is
  /// worthless.
  private var owed: UInt64?
  private var settling: Scheduled<Void>?
  /// The number of the newest change that the server has taken.
  private var newest: UInt64 = 0
  /// Told the number of the last change.
  var counted: ((Int64) -> Void)?
  /// Told the number of a change of this gateway when that and all before it are known to the server.
  var told: ((UInt64) -> Void)?

  /// After a refusal the server is asked again in this time.
  private static let patience = TimeAmount.seconds(1)

  init(_ link: RedisLink, sender: String, everything: SpreadNews, logger: Logger, sentCount: Counter) {
    self.link = link
    self.sender = sender
    self.everything = everything
    self.logger = logger
    self.sentCount = sentCount
    link.user = self
    _ = link.ask()
  }

  func publish(_ news: SpreadNews) {
    if waiting.count + sent.count >= Self.most {
      waiting.removeAll { if case .change = $0 { true } else { false } }
      waiting.append(.change(everything(number: news.number)))
    } else {
      waiting.append(.change(news))
    }
    flush()
  }

  private func everything(number: UInt64) -> SpreadNews {
    var news = everything
    news.number = number
    return news
  }

  /// Asks for the number of the last change; ``counted`` is told.
  func count() {
    waiting.append(.count)
    flush()
  }

  private func flush() {
    guard link.isReady else { return }
    while let item = waiting.popFirst() {
      link.flushSoon()
      var bytes =
        switch item {
        case .change(let news): SpreadCommand.publish(news, from: sender).bytes
        case .count: SpreadCommand.count.bytes
        }
      link.output.writeBuffer(&bytes)
      let deadline = link.turnTime &+ link.settings.timeout.limit
      sent.append((item, deadline))
      link.arm(deadline)
    }
  }

  var nextDeadline: Int64? { sent.first?.deadline }

  func linkReady() {
    hasLoggedError = false
    flush()
  }

  /// What is left is sent as far as the system takes it.
  func linkEnds() { flush() }

  func linkReceived(_ input: inout ByteBuffer) throws(RedisError) {
    while let reply = try RedisError.reply(&input) {
      guard let (item, deadline) = sent.popFirst() else { throw .unexpectedReply }
      switch (reply, item) {
      case (.integer, .change(let news)): taken(news)
      case (.integer(let number), .count): counted?(number)
      case (.error(let text), _):
        refused(text)
        // What is about the server as it is now is said again by a new connection.
        if RedisError.isOfServer(text) {
          sent.prepend((item, deadline))
          throw .failed(text)
        }
        if case .change(let news) = item { owe(news) }
      default: throw .unexpectedReply
      }
    }
  }

  private func taken(_ news: SpreadNews) {
    sentCount.add()
    newest = max(newest, news.number)
    if let owed {
      // Whoever counts on a change counts on those before it, too.
      guard news.number >= owed, news.text == everything.text else { return }
      self.owed = nil
    }
    told?(newest)
  }

  /// Tells everything later, in place of a change that was refused.
  private func owe(_ news: SpreadNews) {
    owed = max(owed ?? 0, news.number)
    guard settling == nil else { return }
    settling = link.loop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] () -> Void in
      guard let self else { return }
      settling = nil
      if let owed { publish(everything(number: owed)) }
    }
  }

  private func refused(_ text: String) {
    guard !hasLoggedError else { return }
    hasLoggedError = true
    logger.error(
      "what was purged cannot be told to other gateways", metadata: link.place.merging(["error": "\(text)"]) { $1 })
  }

  func linkLost(_ failure: LimitFailure) {
    while let (item, _) = sent.popLast() { waiting.prepend(item) }
    // Whoever connects anew asks anew.
    waiting.removeAll { if case .count = $0 { true } else { false } }
  }

  func shutdown() {
    settling?.cancel()
    link.shutdown()
  }
}
