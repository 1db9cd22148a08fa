import GatewayKit
import NIOCore

/// What was sent to the server and has not been answered, oldest first.
struct Pipeline {
  struct Entry {
    /// Who waits; nil for a change, whose answer nobody waits for.
    let request: LimitRequest?
    /// Which of the request's exchanges it is for.
    let turn: Int
    /// The time that it is judged by.
    let now: LimitTime
    /// When the answer must be there, in nanoseconds of ``RedisLink/time()``.
    var deadline: Int64 = 0
    /// Whether the script was sent along.
    var isSource = false
    /// Whether it is sent for the second time.
    var isRepeated = false

    init(_ request: LimitRequest?, now: LimitTime) {
      self.request = request
      self.turn = request?.turn ?? 0
      self.now = now
    }
  }

  private var entries = CircularBuffer<Entry>()
  /// The changes among the entries, in the same order.
  private var changes = CircularBuffer<LimitChange>()

  var count: Int { entries.count }
  var nextDeadline: Int64? { entries.first?.deadline }

  mutating func append(_ entry: Entry) { entries.append(entry) }

  mutating func append(_ entry: Entry, _ change: LimitChange) {
    entries.append(entry)
    changes.append(change)
  }

  mutating func popFirst() -> Entry? { entries.popFirst() }

  /// The change of an entry that was just taken out.
  mutating func popChange() -> LimitChange? { changes.popFirst() }

  /// Takes everything out.
  mutating func removeAll() -> CircularBuffer<Entry> {
    var all = CircularBuffer<Entry>()
    swap(&all, &entries)
    changes.removeAll()
    return all
  }
}
