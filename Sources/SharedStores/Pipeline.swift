package import GatewayKit
import NIOCore

/// What was sent to the server and has not been answered, oldest first.
package struct Pipeline {
  /// One command.
  package struct Entry {
    /// Who waits; nil for a change, whose answer nobody waits for.
    let request: LimitRequest?
    /// Which of the request's exchanges it is for.
    let turn: Int
    /// The time that it is judged by.
    let now: LimitTime
    /// When the answer must be there, in nanoseconds of ``RedisLink/time()``; a command that is sent again has no more time
    /// for it.
    package var deadline: Int64 = 0
    /// Whether the script was sent along.
    var isSource = false
    /// Whether it is sent for the second time.
    package var isRepeated = false

    /// A command that is judged by a time.
    package init(_ request: LimitRequest?, now: LimitTime) {
      self.request = request
      self.turn = request?.turn ?? 0
      self.now = now
    }
  }

  private var entries = CircularBuffer<Entry>()
  /// The changes among the entries, in the same order.
  private var changes = CircularBuffer<LimitChange>()
  /// The deadlines of the repeated ones, which are earlier than those of what stands before them.
  private var repeated = CircularBuffer<Int64>()

  /// Nothing is on its way.
  package init() {}

  /// How many requests are on their way.
  var requests: Int { entries.count - changes.count }
  /// How many changes are.
  var changesCount: Int { changes.count }

  /// When the next answer must be there.
  package var nextDeadline: Int64? {
    guard let first = entries.first?.deadline else { return nil }
    return min(first, repeated.first ?? first)
  }

  /// The question of a request was sent.
  package mutating func append(_ entry: Entry) {
    entries.append(entry)
    if entry.isRepeated { repeated.append(entry.deadline) }
  }

  mutating func append(_ entry: Entry, _ change: LimitChange) {
    append(entry)
    changes.append(change)
  }

  /// The oldest one is answered.
  package mutating func popFirst() -> Entry? {
    let entry = entries.popFirst()
    if entry?.isRepeated == true { _ = repeated.popFirst() }
    return entry
  }

  /// The change of an entry that was just taken out.
  mutating func popChange() -> LimitChange? { changes.popFirst() }
}
