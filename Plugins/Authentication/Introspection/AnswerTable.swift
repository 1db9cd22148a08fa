import GatewayKit
import Synchronization

/// An answer with the times, in monotonic nanoseconds, that say how it may be used.
struct AnswerEntry: Sendable {
  let answer: Answer
  /// From then on the question has to be asked again.
  let freshUntil: Int64
  /// From then on it should be asked again in the background; told once.
  var dueAt = Int64.max
}

/// Remembers answers by token and domain together, for all loops. Bounded in entries and bytes; a hit allocates nothing.
struct AnswerTable: Sendable {
  private final class Kept: Sendable {
    let entry: AnswerEntry
    let domain: DomainFacts?
    private let wasTold = Atomic<Bool>(false)

    init(_ entry: AnswerEntry, _ domain: DomainFacts?) {
      self.entry = entry
      self.domain = domain
    }

    /// Whether it is the caller's part to ask again.
    func isDue(at now: Int64) -> Bool {
      guard now >= entry.dueAt, !wasTold.load(ordering: .relaxed) else { return false }
      return !wasTold.exchange(true, ordering: .relaxed)
    }
  }

  /// About how many bytes an answer takes beside what it holds.
  private static let overhead = 96

  private let table: TokenTable<Kept>

  init(entries: Int, bytes: Int, seed: UInt64) {
    table = TokenTable(entries: entries, bytes: bytes, seed: seed)
  }

  /// The answer to exactly this question, fresh or not, and whether it is the caller's part to ask again.
  func entry(of question: Question, at now: Int64) -> (entry: AnswerEntry, isDue: Bool)? {
    guard let known = kept(question)?.known else { return nil }
    return (known.entry, known.isDue(at: now))
  }

  /// Keeps an answer.
  func insert(_ entry: AnswerEntry, for question: Question) {
    table.insert(
      Kept(entry, question.domain), token: question.token, hash: question.hash,
      cost: Self.overhead + entry.answer.cost)
  }

  /// Forgets the answer to this question.
  func remove(_ question: Question) {
    if let kept = kept(question) { table.remove(kept, hash: question.hash) }
  }

  /// How many answers are known.
  var count: Int { table.count }

  /// About how many bytes they take.
  var bytes: Int { table.bytes }

  private func kept(_ question: Question) -> TokenEntry<Kept>? {
    guard let found = table.entry(of: question.token, hash: question.hash), question.isIn(found.known.domain) else {
      return nil
    }
    return found
  }
}
