import Synchronization

/// A number that only grows, shown by the metrics page.
public final class Counter: Sendable {
  private let value = Atomic<UInt64>(0)

  /// Adds to the counter; relaxed, since nothing is ordered by it.
  public func add(_ amount: UInt64 = 1) { value.wrappingAdd(amount, ordering: .relaxed) }

  /// The value now.
  public var current: UInt64 { value.load(ordering: .relaxed) }
}

/// The counters and gauges of plugins, by name and labels. Both are few and fixed at load: nothing a peer sends makes one.
public final class CounterRegistry: Sendable {
  /// Names one counter.
  public struct Key: Sendable, Hashable {
    /// The metric's name, such as `gatehouse_cache_requests_total`.
    public let name: String
    /// Its label pairs, in order, rendered as `result="hit"`.
    public let labels: String
  }

  private typealias Gauge = (help: String, readers: [@Sendable () -> Int64?])

  private let counters = Mutex<[Key: (counter: Counter, help: String)]>([:])
  private let gauges = Mutex<[Key: Gauge]>([:])

  /// An empty registry.
  public init() {}

  /// The counter of this name and these labels, made at the first call.
  public func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
    let text = MetricLabels.render(labels)
    return counters.withLock { counters in
      let key = Key(name: name, labels: text)
      if let found = counters[key] { return found.counter }
      let made = Counter()
      counters[key] = (made, help)
      return made
    }
  }

  /// Shows a number that goes up and down, read when the page is made. Registered when a plugin is made, never later.
  ///
  /// Gauges of one name and the same labels are shown as one, by the largest of their values.
  ///
  /// - Parameter read: gives the number now, from any thread; nil when there is nothing to show any more. It must not
  ///   keep its plugin alive.
  public func gauge(
    _ name: String, help: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Int64?
  ) {
    let key = Key(name: name, labels: MetricLabels.render(labels))
    gauges.withLock { $0[key, default: (help, [])].readers.append(read) }
  }

  /// All gauges that have something to show, sorted by name and labels.
  public func gaugeSnapshot() -> [(key: Key, help: String, value: Int64)] {
    // Read outside the lock: what a reader does is its own affair.
    let all = gauges.withLock { $0 }
    return all.compactMap { key, gauge in
      gauge.readers.compactMap { $0() }.max().map { (key: key, help: gauge.help, value: $0) }
    }.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
  }

  /// All counters, sorted by name and labels.
  public func snapshot() -> [(key: Key, help: String, value: UInt64)] {
    counters.withLock { counters in
      counters.map { (key: $0.key, help: $0.value.help, value: $0.value.counter.current) }
    }.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
  }
}
