import GatewayEngine
package import GatewayKit
package import Logging
import NIOCore
import Synchronization

/// Tells other gateways on the same Redis server what was changed and purged here, and does what they tell. On a loop of
/// its own, off the data path.
///
/// What is published while a gateway is cut off does not reach it. When it is back it compares numbers, and drops all that
/// it keeps when it has missed something.
package final class CacheRelay: CacheSpreading {
  private let loop: PollLoop
  private let parts: NIOLoopBoundBox<Parts?>
  /// How many changes are on their way to the loop.
  private let arriving = Atomic<Int>(0)
  private let listens: Listening

  /// More changes than these that the loop has not taken yet are one: everything.
  private static let mostArriving = 4096

  private struct Parts {
    let publisher: SpreadPublisher
    let subscriber: SpreadSubscriber
  }

  private final class Listening: Sendable { let value = Atomic<Bool>(false) }

  private struct Counters: Sendable {
    let sent: Counter
    let received: Counter
    let dropped: Counter

    init(_ registry: CounterRegistry) {
      sent = registry.counter("gatehouse_cache_spread_sent_total", help: "Changes that other gateways were told.")
      received = registry.counter(
        "gatehouse_cache_spread_received_total", help: "Changes that other gateways have told.")
      dropped = registry.counter(
        "gatehouse_cache_spread_missed_total",
        help: "Times that everything was dropped since a change may have been missed.")
    }
  }

  private let caches: AnswerCaches
  /// Whether the server keeps answers, too, and is to know which of them are worthless.
  private let marksPlaces: Bool

  /// Begins to listen.
  ///
  /// - Parameter marksPlaces: whether the server keeps answers, too.
  /// - Throws: when there is no thread for it.
  package init(
    _ settings: RedisSettings, caches: AnswerCaches, marksPlaces: Bool = false, counters: CounterRegistry,
    logger: Logger
  ) throws {
    self.caches = caches
    self.marksPlaces = marksPlaces
    loop = try PollLoop.start(name: "cache-relay")
    parts = .makeEmptyBox(valueType: Parts.self, eventLoop: loop)
    listens = Listening()
    let (parts, loop, listens, counts) = (parts, loop, listens, Counters(counters))
    loop.execute {
      parts.value = Self.begin(
        RedisLinks(settings, loop, logger), caches, marksPlaces: marksPlaces, counts, listens)
    }
  }

  private struct RedisLinks {
    let publishing: RedisLink
    let listening: RedisLink
    let logger: Logger

    init(_ settings: RedisSettings, _ loop: PollLoop, _ logger: Logger) {
      publishing = RedisLink(settings, on: loop, logger: logger)
      listening = RedisLink(settings, on: loop, logger: logger)
      self.logger = logger
    }
  }

  private static func begin(
    _ links: RedisLinks, _ caches: AnswerCaches, marksPlaces: Bool, _ counts: Counters, _ listens: Listening
  ) -> Parts {
    let logger = links.logger
    let sender = String(UInt64.random(in: .min ... .max), radix: 36)
    let everything = CacheChange.purge(CachePurge(.all))
    let publisher = SpreadPublisher(
      links.publishing, sender: sender,
      everything: SpreadNews(text: everything.text, place: marksPlaces ? everything.place(caches.versions) : nil),
      logger: logger, sentCount: counts.sent)
    let events = SpreadSubscriber.Events(
      changed: { change in
        counts.received.add()
        caches.obey(change)
      },
      missed: {
        counts.dropped.add()
        let gone = caches.purge(CachePurge(.all))
        guard gone.entries > 0 else { return }
        logger.warning(
          "other gateways' changes may have been missed: all answers are dropped",
          metadata: ["entries": "\(gone.entries)"])
      },
      wantsCount: { [weak publisher] in publisher?.count() },
      isListening: { listens.value.store($0, ordering: .releasing) })
    let subscriber = SpreadSubscriber(links.listening, sender: sender, events: events)
    publisher.counted = { [weak subscriber] in subscriber?.counted($0) }
    publisher.told = { caches.untold.told(upTo: $0) }
    return Parts(publisher: publisher, subscriber: subscriber)
  }

  package func spread(_ change: CacheChange, number: UInt64) {
    let count = arriving.wrappingAdd(1, ordering: .relaxed).newValue
    guard count <= Self.mostArriving else {
      arriving.wrappingSubtract(1, ordering: .relaxed)
      // The one that reached the bound stands for all that come until the loop has taken some.
      return
    }
    let news = news(count == Self.mostArriving ? .purge(CachePurge(.all)) : change, number)
    loop.execute { [self] in
      arriving.wrappingSubtract(1, ordering: .relaxed)
      parts.value?.publisher.publish(news)
    }
  }

  private func news(_ change: CacheChange, _ number: UInt64) -> SpreadNews {
    SpreadNews(text: change.text, place: marksPlaces ? change.place(caches.versions) : nil, number: number)
  }

  package var isConnected: Bool { listens.value.load(ordering: .acquiring) }

  /// Ends the connections and the thread.
  package func stop() async {
    loop.execute { [parts] in
      parts.value?.publisher.shutdown()
      parts.value?.subscriber.shutdown()
      parts.value = nil
    }
    await loop.stop()
  }
}
