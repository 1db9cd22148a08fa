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
  /// Changes that the loop has not taken yet.
  private let arriving = Mutex(SpreadQueue())
  private let state: State

  private struct Parts {
    let publisher: SpreadPublisher
    let subscriber: SpreadSubscriber
  }

  /// What is known of the connections.
  private final class State: Sendable {
    let listens = Atomic<Bool>(false)
    let isTaken = Atomic<Bool>(false)
  }

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

  /// Begins to listen.
  ///
  /// - Parameter places: where the server is to note what is changed, for the answers that it keeps; nil for none.
  /// - Throws: when there is no thread for it.
  package init(
    _ settings: RedisSettings, caches: AnswerCaches, places: SharedPlaces? = nil, counters: CounterRegistry,
    logger: Logger
  ) throws {
    patience = settings.timeout
    loop = try PollLoop.start(name: "cache-relay")
    parts = .makeEmptyBox(valueType: Parts.self, eventLoop: loop)
    state = State()
    let (parts, loop, state, counts) = (parts, loop, state, Counters(counters))
    loop.execute {
      parts.value = Self.begin(
        RedisLinks(settings, loop, logger), caches, places, counts, state)
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
    _ links: RedisLinks, _ caches: AnswerCaches, _ places: SharedPlaces?, _ counts: Counters, _ state: State
  ) -> Parts {
    let logger = links.logger
    let sender = String(UInt64.random(in: .min ... .max), radix: 36)
    let publisher = SpreadPublisher(
      links.publishing, sender: sender, logger: logger, sentCount: counts.sent,
      mark: places.map { places in { SpreadMark(places: places.key, place: $0.place(caches.versions)) } },
      isTaken: { state.isTaken.store($0, ordering: .releasing) })
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
      wentBack: { [weak publisher] in publisher?.restart(above: $0) },
      wantsCount: { [weak publisher] in publisher?.count() },
      isListening: { state.listens.store($0, ordering: .releasing) })
    let subscriber = SpreadSubscriber(links.listening, sender: sender, events: events)
    publisher.counted = { [weak subscriber] in subscriber?.counted($0, $1) }
    publisher.told = { caches.untold.told(upTo: $0) }
    return Parts(publisher: publisher, subscriber: subscriber)
  }

  package func spread(_ change: CacheChange, number: UInt64) {
    let isFirst = arriving.withLock { queue in
      defer { queue.append(SpreadNews(change: change, number: number)) }
      return queue.isEmpty
    }
    if isFirst { loop.execute { [self] in takeArrived() } }
  }

  private func takeArrived() {
    let queue = arriving.withLock { queue in
      defer { queue = SpreadQueue() }
      return queue
    }
    parts.value?.publisher.publish(queue)
  }

  /// What is on its way does not count: the server takes it, or is known not to as soon as it has said so.
  package var isConnected: Bool {
    state.listens.load(ordering: .acquiring) && state.isTaken.load(ordering: .acquiring)
  }

  /// How long the server may take for an answer.
  package let patience: Duration

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
