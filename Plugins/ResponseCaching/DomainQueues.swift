import GatewayKit
import Synchronization

/// The queues of each domain in one stripe: what came lately (the window) and what has proved itself (the main queue).
struct DomainQueues: ~Copyable {
  /// From the newest to the oldest, linked in the slots.
  struct Queue: BitwiseCopyable {
    var newest: UInt32 = 0
    var oldest: UInt32 = 0
    var bytes = 0
  }

  struct Record: BitwiseCopyable {
    /// Held by the table of accounts, which lives as long.
    var account: Unmanaged<DomainAccount>?
    var window = Queue()
    var main = Queue()
    var entries = 0
    var hits: UInt64 = 0
    var stale: UInt64 = 0
    /// The next free record, plus one.
    var next: UInt32 = 0

    var bytes: Int { window.bytes + main.bytes }
    /// A hundredth is enough of a trial: what is asked for twice is known by then.
    var isWindowFull: Bool { window.bytes > bytes / 100 }
  }

  private var records = Chunks(Record())
  private var free: UInt32 = 0
  private static let chunk = 256 * MemoryLayout<Record>.stride
  static let growth = chunk

  /// The record at a place.
  subscript(place: UInt32) -> Record {
    get { records[Int(place)] }
    set { records[Int(place)] = newValue }
  }

  func account(_ place: UInt32) -> DomainAccount? { records[Int(place)].account?.takeUnretainedValue() }

  /// Where a domain's queues are; nil when it has no answers here.
  func place(of account: DomainAccount, in stripe: Int) -> UInt32? {
    let link = account.places[stripe]
    return link == 0 ? nil : link - 1
  }

  /// The same, made when there are none.
  mutating func place(of account: DomainAccount, in stripe: Int, _ ledger: CacheLedger) -> UInt32 {
    if let place = place(of: account, in: stripe) { return place }
    let place = takeRecord(ledger)
    records[Int(place)] = Record(account: .passUnretained(account))
    account.places[stripe] = place + 1
    return place
  }

  mutating func countHit(_ place: UInt32) { records.update(Int(place)) { $0.hits &+= 1 } }

  mutating func countStale(_ place: UInt32) { records.update(Int(place)) { $0.stale &+= 1 } }

  /// Notes that an answer is about to enter a queue.
  mutating func grow(_ place: UInt32) { records.update(Int(place)) { $0.entries += 1 } }

  /// Notes that an answer has left its queue for good.
  mutating func shrink(_ place: UInt32, by cost: Int, _ stripe: Int, _ ledger: CacheLedger) {
    guard let account = account(place) else { return }
    ledger.shrink(account, by: cost)
    let (entries, hits, stale) = records.update(Int(place)) { record in
      record.entries -= 1
      return (record.entries, record.hits, record.stale)
    }
    guard entries == 0 else { return }
    account.pastHits.wrappingAdd(hits, ordering: .relaxed)
    account.pastStale.wrappingAdd(stale, ordering: .relaxed)
    account.places[stripe] = 0
    records[Int(place)] = Record(next: free)
    free = place + 1
  }

  private mutating func takeRecord(_ ledger: CacheLedger) -> UInt32 {
    guard free == 0 else {
      let place = free - 1
      free = records[Int(place)].next
      return place
    }
    if records.count & 255 == 0 { ledger.charge(Self.chunk) }
    records.append(Record())
    return UInt32(records.count - 1)
  }
}
