import GatewayKit
import Logging
import NIOCore

/// Sends changes, in order, until the server has taken each: one whose fate is unknown is sent again, since to drop
/// something twice does no harm. Bound to its loop.
final class SpreadPublisher: RedisLinkUser {
  /// How many may wait; when there are more, others are told to drop everything.
  private static let most = 1024

  private enum Item {
    case change(String)
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
  /// Told the number of the last change.
  var counted: ((Int64) -> Void)?

  init(_ link: RedisLink, sender: String, logger: Logger, sentCount: Counter) {
    self.link = link
    self.sender = sender
    self.logger = logger
    self.sentCount = sentCount
    link.user = self
    _ = link.ask()
  }

  func publish(_ change: CacheChange) {
    if waiting.count + sent.count >= Self.most {
      waiting.removeAll { if case .change = $0 { true } else { false } }
      waiting.append(.change(CacheChange.purge(CachePurge(.all)).text))
    } else {
      waiting.append(.change(change.text))
    }
    flush()
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
        case .change(let text): SpreadCommand.publish(text, from: sender).bytes
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
      guard let (item, _) = sent.popFirst() else { throw .unexpectedReply }
      switch (reply, item) {
      case (.integer, .change): sentCount.add()
      case (.integer(let number), .count): counted?(number)
      case (.error(let text), _):
        refused(text)
        // What is about the server as it is now is said again by a new connection.
        if RedisError.isOfServer(text) {
          waiting.prepend(item)
          throw .failed(text)
        }
      default: throw .unexpectedReply
      }
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

  func shutdown() { link.shutdown() }
}
