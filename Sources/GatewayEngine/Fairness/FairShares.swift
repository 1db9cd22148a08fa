/// Who may have a connection of one loop to one upstream now, who waits, and in which order: pure bookkeeping, without
/// connections.
///
/// A slot stands for a connection that may be in use. Each domain's slots are counted, and ``FairTerms`` says whether it
/// may have one more. Who may not waits in the line of its domain.
///
/// **The order.** A slot goes to the domain that would then hold the fewest for its weight, and first of all to one that
/// holds none. What is shared is so the connections at any moment, not the number of requests: in turns by requests, a
/// domain whose requests take a hundred times as long would soon hold nearly all. Among equals it is the one whose turn
/// is the longest ago. No domain starves: every one that waits has its first slot before any has a further one, however
/// their weights are.
///
/// **When the lines are full.** The domain that has the most for its weight, held and waiting together, loses its newest
/// waiter to a lighter newcomer. A newcomer of that domain itself, or of one as heavy, is refused.
///
/// Domains that neither hold nor wait have no record, so there are never more records than slots and places to wait.
struct FairShares<Waiter> {
  /// What becomes of a waiter that asks for a place.
  enum Entry {
    /// It waits; the ticket takes it out again.
    case waits(ticket: Int)
    /// The same, and another one had to go for it.
    case waitsInstead(of: Waiter, ticket: Int)
    case refused
  }

  private struct Record {
    let domain: Int
    let weight: Int
    var held = 0
    var line = WaitingLines<Waiter>.Line()
    /// When it began to wait or had its last turn.
    var turn: UInt64 = 0
  }

  let terms: FairTerms
  private let slots: Int
  private let mostWaiting: Int
  /// Slots that are taken.
  private(set) var taken = 0

  private var records: ContiguousArray<Record> = []
  private var freeRecords: ContiguousArray<Int> = []
  private var table = NumberTable()
  private var lines = WaitingLines<Waiter>()
  /// The domains that wait, the next one first.
  private var turns = RankedHeap<Turn>()
  /// The same, the heaviest first.
  private var loads = RankedHeap<Load>()
  private var turn: UInt64 = 0

  init(_ terms: FairTerms, slots: Int, mostWaiting: Int) {
    self.terms = terms
    self.slots = slots
    self.mostWaiting = mostWaiting
  }

  /// How many wait.
  var waiting: Int { lines.count }
  /// How many domains hold or wait.
  var domains: Int { records.count - freeRecords.count }

  /// Whether somebody waits who may have a slot.
  var hasNext: Bool { lines.count > 0 && turns.first.map { mayTake(records[$0]) } ?? false }

  /// Takes a slot for a domain, unless it may have none, or somebody waits who comes first.
  mutating func take(_ domain: Int) -> Bool {
    guard taken < slots, !hasNext else { return false }
    let index = record(of: domain)
    guard records[index].line.count == 0, mayTake(records[index]) else {
      release(index)
      return false
    }
    records[index].held += 1
    taken += 1
    return true
  }

  /// Gives a slot of a domain back.
  mutating func give(_ domain: Int) {
    guard let index = table[key(domain)], records[index].held > 0 else { return }
    records[index].held -= 1
    taken -= 1
    if records[index].line.count > 0 { rank(index) } else { release(index) }
  }

  /// Adds a waiter at the end of its domain's line.
  mutating func wait(_ waiter: Waiter, of domain: Int) -> Entry {
    guard lines.count >= mostWaiting else { return .waits(ticket: join(waiter, domain)) }
    guard let heaviest = loads.first, load(of: heaviest) < newcomersLoad(domain),
      let lost = lines.leave(&records[heaviest].line, records[heaviest].line.last)
    else { return .refused }
    settle(heaviest)
    return .waitsInstead(of: lost, ticket: join(waiter, domain))
  }

  /// Takes a waiter out; nil when it does not wait any more.
  @discardableResult
  mutating func leave(_ ticket: Int) -> Waiter? {
    guard let index = lines.owner(of: ticket) else { return nil }
    let waiter = lines.leave(&records[index].line, ticket)
    settle(index)
    return waiter
  }

  /// The waiter whose turn it is, with a slot taken for it; nil when nobody waits who may have one.
  mutating func next() -> Waiter? {
    guard hasNext, let index = turns.first, let waiter = lines.leave(&records[index].line, records[index].line.first)
    else { return nil }
    records[index].held += 1
    records[index].turn = nextTurn()
    taken += 1
    settle(index)
    return waiter
  }

  /// How many slots a domain holds.
  func held(by domain: Int) -> Int { table[key(domain)].map { records[$0].held } ?? 0 }
}

// MARK: - Records

extension FairShares {
  /// All domains are one where they are not told apart.
  private func key(_ domain: Int) -> Int { terms.isOn ? domain : 0 }

  private func mayTake(_ record: Record) -> Bool {
    terms.admits(held: record.held, weight: record.weight, free: slots - taken)
  }

  private mutating func record(of domain: Int) -> Int {
    let domain = key(domain)
    if let index = table[domain] { return index }
    let record = Record(domain: domain, weight: terms.isOn ? terms.weight(of: domain) : 1)
    let index: Int
    if let free = freeRecords.popLast() {
      index = free
      records[index] = record
    } else {
      index = records.count
      records.append(record)
    }
    table.insert(domain, index)
    return index
  }

  /// Drops the record of a domain that neither holds nor waits.
  private mutating func release(_ index: Int) {
    guard records[index].held == 0, records[index].line.count == 0 else { return }
    table.remove(records[index].domain)
    freeRecords.append(index)
  }

  private mutating func join(_ waiter: Waiter, _ domain: Int) -> Int {
    let index = record(of: domain)
    if records[index].line.count == 0 { records[index].turn = nextTurn() }
    let ticket = lines.join(&records[index].line, waiter, owner: index)
    rank(index)
    return ticket
  }

  private mutating func nextTurn() -> UInt64 {
    turn &+= 1
    return turn
  }

  /// Brings the order up to date after a line has become shorter.
  private mutating func settle(_ index: Int) {
    if records[index].line.count > 0 { return rank(index) }
    turns.remove(index)
    loads.remove(index)
    release(index)
  }

  private mutating func rank(_ index: Int) {
    let record = records[index]
    turns.set(index, Turn(held: record.held, weight: record.weight, turn: record.turn))
    loads.set(index, load(of: index))
  }

  private func load(of index: Int) -> Load {
    let record = records[index]
    return Load(count: record.held + record.line.count, weight: record.weight)
  }

  private func newcomersLoad(_ domain: Int) -> Load {
    guard let index = table[key(domain)] else { return Load(count: 1, weight: terms.weight(of: domain)) }
    let load = load(of: index)
    return Load(count: load.count + 1, weight: load.weight)
  }
}
