import GatewayKit

/// An answer with the times, in monotonic nanoseconds, that say how it may be used.
struct AnswerEntry: Sendable {
  let answer: Answer
  /// From then on the question has to be asked again.
  let freshUntil: Int64
  /// From then on it should be asked again in the background; told once.
  var dueAt = Int64.max
}

/// One part of a table of answers, with second-chance replacement (CLOCK). Guarded by its owner's lock.
struct AnswerStripe: Sendable {
  private struct Slot {
    var hash: UInt64
    var token: [UInt8]
    var domain: DomainFacts?
    var entry: AnswerEntry?
    var cost: Int
    var wasUsed = false
  }

  private let mostEntries: Int
  private let mostBytes: Int
  private var index: [UInt64: Int] = [:]
  private var slots: ContiguousArray<Slot> = []
  private var free: [Int] = []
  private var hand = 0
  private(set) var bytes = 0

  var count: Int { index.count }

  init(mostEntries: Int, mostBytes: Int) {
    self.mostEntries = mostEntries
    self.mostBytes = mostBytes
  }

  /// The answer to exactly this question, fresh or not, and whether it is the caller's part to ask again.
  mutating func entry(of question: Question, at now: Int64) -> (entry: AnswerEntry, isDue: Bool)? {
    guard let place = place(of: question), let entry = slots[place].entry else { return nil }
    slots[place].wasUsed = true
    let isDue = now >= entry.dueAt
    if isDue { slots[place].entry?.dueAt = .max }
    return (entry, isDue)
  }

  /// Keeps an answer. What has not been used since the hand last came by makes room.
  mutating func insert(_ entry: AnswerEntry, for question: Question) {
    let cost = 256 + question.token.count + entry.answer.cost
    if let place = index[question.hash] { remove(place) }
    guard cost <= mostBytes, mostEntries > 0 else { return }
    while count >= mostEntries || bytes + cost > mostBytes { evictOne() }
    let slot = Slot(
      hash: question.hash, token: Array(question.token), domain: question.domain, entry: entry, cost: cost)
    if let place = free.popLast() {
      slots[place] = slot
      index[question.hash] = place
    } else {
      slots.append(slot)
      index[question.hash] = slots.count - 1
    }
    bytes += cost
  }

  /// Forgets the answer to this question.
  mutating func remove(_ question: Question) {
    if let place = place(of: question) { remove(place) }
  }

  private func place(of question: Question) -> Int? {
    guard let place = index[question.hash], question.isAbout(slots[place].token, slots[place].domain) else {
      return nil
    }
    return place
  }

  /// Ends within two rounds: the first takes the second chances away. There is an entry whenever this is called.
  private mutating func evictOne() {
    for _ in 0..<(slots.count * 2) {
      hand = hand + 1 < slots.count ? hand + 1 : 0
      guard slots[hand].entry != nil else { continue }
      if slots[hand].wasUsed {
        slots[hand].wasUsed = false
      } else {
        remove(hand)
        return
      }
    }
  }

  private mutating func remove(_ place: Int) {
    bytes -= slots[place].cost
    index[slots[place].hash] = nil
    slots[place] = Slot(hash: 0, token: [], entry: nil, cost: 0)
    free.append(place)
  }
}
