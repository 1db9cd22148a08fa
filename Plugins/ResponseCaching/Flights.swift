import GatewayKit
import Synchronization

/// Requests of all loops that want the same answer: one of them asks the origin, the others wait for what comes of it.
/// They have the same key, and so the same class: what one waits for is what it might have been given.
final class Flights: Sendable {
  /// How many may wait for one answer; more go to the origin by themselves.
  private let most: Int
  /// How long one waits, in nanoseconds.
  let wait: Int64
  private let stripes: [Stripe]
  private let lastNumber = Atomic<UInt64>(0)

  private final class Stripe: Sendable {
    let flights = Mutex<[Key: Flight]>([:])
  }

  struct Key: Hashable, Sendable {
    let value: UInt64
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) { hasher.combine(value) }
  }

  private struct Flight {
    var leader: UInt64
    var waiting: [UInt64: Waiting] = [:]
    /// Who has a larger number began to wait when this leader asked already.
    var since: UInt64
    /// Whether somebody has waited for the leader for too long: the next one takes its place.
    var isSlow = false

    init(leader: UInt64) { (self.leader, since) = (leader, leader) }
  }

  private struct Waiting {
    let role: FlightSeat.Role
    let mayLead: Bool
    let resumption: Resumption
  }

  /// - Parameter settings: nil when nobody waits.
  init(_ settings: CacheSettings.Coalescing?) {
    (most, wait) = (settings?.most ?? 0, settings?.wait ?? 0)
    stripes = (0..<16).map { _ in Stripe() }
  }

  /// A seat with those who want the same: the leader's when there is nobody yet, else one to wait in. Nil when there is
  /// none to be had.
  ///
  /// - Parameters:
  ///   - mayLead: whether others could use what comes of this request.
  ///   - suspend: takes the right to go on; called when the request is to wait.
  func join(_ key: Key, mayLead: Bool, _ suspend: () -> Resumption) -> FlightSeat? {
    join(key, mostWaiting: most, mayLead: mayLead, suspend)
  }

  private func join(
    _ key: Key, mostWaiting: Int, mayLead: Bool, _ suspend: () -> Resumption?
  ) -> FlightSeat? {
    let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
    let role: FlightSeat.Role? = stripe(key).flights.withLock { flights -> FlightSeat.Role? in
      guard var flight = flights[key] else {
        guard mayLead else { return nil }
        flights[key] = Flight(leader: number)
        return FlightSeat.Role(.leads)
      }
      if flight.isSlow, mayLead, mostWaiting > 0 {
        (flight.leader, flight.since, flight.isSlow) = (number, number, false)
        flights[key] = flight
        return FlightSeat.Role(.leads)
      }
      guard !flight.isSlow, flight.waiting.count < mostWaiting, let resumption = suspend() else { return nil }
      let role = FlightSeat.Role(.waits)
      flights[key]?.waiting[number] = Waiting(role: role, mayLead: mayLead, resumption: resumption)
      return role
    }
    return role.map { FlightSeat(self, key, number, $0) }
  }

  /// The leader's seat, if nobody has it.
  func lead(_ key: Key) -> FlightSeat? {
    join(key, mostWaiting: 0, mayLead: true) { nil }
  }

  /// Whether somebody asks the origin already.
  func isBusy(_ key: Key) -> Bool { stripe(key).flights.withLock { $0[key] != nil } }

  /// The leader knows what comes of it: all others go on. What one brings that was too slow, and whose place another has
  /// taken, is of use to them when it is kept.
  fileprivate func finish(_ key: Key, _ number: UInt64, _ part: FlightSeat.Part, hasLed: Bool) {
    let released = stripe(key).flights.withLock { flights -> [Waiting] in
      guard let flight = flights[key] else { return [] }
      if flight.leader == number {
        flights[key] = nil
      } else if hasLed, part == .answered || part == .shared {
        flights[key]?.waiting = [:]
      } else {
        return []
      }
      return Array(flight.waiting.values)
    }
    release(released, part)
  }

  /// Somebody is gone. When it was the leader, one who waits takes its place, and so on: an origin in trouble is asked by
  /// one at a time, and by those who have waited for as long as they may, as they came.
  fileprivate func leave(_ key: Key, _ number: UInt64, isLate: Bool) {
    let (next, released) = stripe(key).flights.withLock { flights -> (Waiting?, [Waiting]) in
      guard var flight = flights.removeValue(forKey: key) else { return (nil, []) }
      if flight.leader != number || isLate {
        flight.waiting[number] = nil
        // Who has waited for an earlier leader too says nothing of this one.
        flight.isSlow = flight.isSlow || (isLate && number > flight.since)
        flights[key] = flight
        return (nil, [])
      }
      guard let first = Self.next(of: flight) else {
        return (nil, Array(flight.waiting.values))
      }
      let next = flight.waiting.removeValue(forKey: first)
      (flight.leader, flight.isSlow) = (first, false)
      flight.since = lastNumber.load(ordering: .relaxed)
      flights[key] = flight
      return (next, [])
    }
    if let next { release([next], .leads) }
    release(released, .alone)
  }

  /// Who has waited for longest and whose answer others could use.
  private static func next(of flight: Flight) -> UInt64? {
    var first: UInt64?
    for (number, waiting) in flight.waiting where waiting.mayLead { first = min(first ?? number, number) }
    return first
  }

  private func release(_ waiting: [Waiting], _ part: FlightSeat.Part) {
    for one in waiting {
      one.role.part = part
      one.resumption.resume(.again)
    }
  }

  private func stripe(_ key: Key) -> Stripe { stripes[Int(truncatingIfNeeded: key.value >> 32) & 15] }
}

/// One request's place among those that want the same answer. Given up when the request ends, in whatever way.
final class FlightSeat {
  enum Part: UInt8, Sendable {
    case waits, leads
    /// The answer is kept now.
    case answered
    /// The same; it came from what gateways share.
    case shared
    /// The origin has failed.
    case failed
    /// The answer is for the one who asked.
    case alone
  }

  /// What it is there for; others change it.
  final class Role: Sendable {
    private let value: Atomic<UInt8>

    init(_ part: Part) { value = Atomic(part.rawValue) }

    fileprivate(set) var part: Part {
      get { Part(rawValue: value.load(ordering: .acquiring)) ?? .alone }
      set { value.store(newValue.rawValue, ordering: .releasing) }
    }
  }

  private let flights: Flights
  private let key: Flights.Key
  private let number: UInt64
  private let role: Role
  /// Why the request went on when it took the seat.
  var forwarded = StoreJob.Forwarded.miss
  /// How often its request has had one.
  var times = 1
  private var isFinished = false

  fileprivate init(_ flights: Flights, _ key: Flights.Key, _ number: UInt64, _ role: Role) {
    (self.flights, self.key, self.number, self.role) = (flights, key, number, role)
  }

  deinit {
    guard !isFinished, part == .waits || part == .leads else { return }
    flights.leave(key, number, isLate: false)
  }

  var part: Part { role.part }

  /// What came of the leader's request, or will certainly not.
  func finish(_ part: Part) {
    guard !isFinished else { return }
    isFinished = true
    flights.finish(key, number, part, hasLed: self.part == .leads)
  }

  /// What came of the leader's request says nothing of the others': one of them asks next.
  func pass() {
    guard !isFinished else { return }
    isFinished = true
    flights.leave(key, number, isLate: false)
  }

  /// The request has waited for as long as it may. Whoever became the leader meanwhile stays it.
  func waitIsOver() {
    guard part == .waits else { return }
    flights.leave(key, number, isLate: true)
  }
}
