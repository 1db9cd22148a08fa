import Synchronization

/// Remembers answers, for all loops. Bounded in entries and bytes; a hit allocates nothing.
final class AnswerTable: Sendable {
  /// A stripe is a class so that stripes can stand in an array: a mutex cannot be moved.
  private final class Stripe: Sendable {
    let table: Mutex<AnswerStripe>

    init(_ table: AnswerStripe) { self.table = Mutex(table) }
  }

  private static let mostStripes = 16
  /// Fewer entries than this are not worth parting.
  private static let leastPerStripe = 256

  private let stripes: [Stripe]

  init(entries: Int, bytes: Int) {
    let count = max(1, min(Self.mostStripes, entries / Self.leastPerStripe))
    stripes = (0..<count).map { _ in
      Stripe(AnswerStripe(mostEntries: entries / count, mostBytes: bytes / count))
    }
  }

  /// The answer to exactly this question, fresh or not, and whether it is the caller's part to ask again.
  func entry(of question: Question, at now: Int64) -> (entry: AnswerEntry, isDue: Bool)? {
    stripe(question).table.withLock { $0.entry(of: question, at: now) }
  }

  /// Keeps an answer.
  func insert(_ entry: AnswerEntry, for question: Question) {
    stripe(question).table.withLock { $0.insert(entry, for: question) }
  }

  /// Forgets the answer to this question.
  func remove(_ question: Question) {
    stripe(question).table.withLock { $0.remove(question) }
  }

  /// How many answers are known.
  var count: Int { stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.count } } }

  /// About how many bytes they take.
  var bytes: Int { stripes.reduce(0) { sum, stripe in sum + stripe.table.withLock { $0.bytes } } }

  private func stripe(_ question: Question) -> Stripe {
    stripes[Int(truncatingIfNeeded: (question.hash >> 32) % UInt64(stripes.count))]
  }
}
