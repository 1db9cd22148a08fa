import GatewayKit
import HTTPWire

// Requests that want the same answer at the same time.
extension CacheFilter {
  /// How a request goes on that cannot be answered from what is kept.
  enum Way {
    /// Others may wait for what comes of it.
    case leads(FlightSeat)
    /// It has waited in vain when this is true.
    case alone(hasWaited: Bool)
    case waits(FlightSeat)
  }

  /// Decides whether a request asks the origin or waits for another one that does.
  func way(
    of exchange: Exchange, _ key: Flights.Key, _ forwarded: StoreJob.Forwarded, _ kept: CachedResponse?
  ) -> Way {
    let seat = exchange[slot] as? FlightSeat
    exchange[slot] = nil
    guard coalesces else { return .alone(hasWaited: false) }
    guard let seat else {
      guard mayWait(key.value, forwarded, kept, now: exchange.loop.now) else { return .alone(hasWaited: false) }
      return join(exchange, key, forwarded, kept, times: 1)
    }
    switch seat.part {
    case .leads: return .leads(seat)
    case .waits:
      seat.waitIsOver()
      // It may have become the leader in this moment.
      return seat.part == .leads ? .leads(seat) : .alone(hasWaited: true)
    // What came is for others, by its Vary; those who want yet another one can wait for that together.
    case .answered where seat.times < Self.mostSeats:
      return join(exchange, key, seat.forwarded, kept, times: seat.times + 1)
    case .answered, .failed, .alone: return .alone(hasWaited: true)
    }
  }

  private static let mostSeats = 4

  private func join(
    _ exchange: Exchange, _ key: Flights.Key, _ forwarded: StoreJob.Forwarded, _ kept: CachedResponse?, times: Int
  ) -> Way {
    let seat = flights.join(key, mayLead: mayLead(exchange.request, kept)) {
      exchange.suspend(atMost: flights.wait, thenAsksAgain: true)
    }
    guard let seat else { return .alone(hasWaited: times > 1) }
    seat.forwarded = forwarded
    seat.times = times
    return seat.part == .leads ? .leads(seat) : .waits(seat)
  }

  /// Nobody waits for what cannot be kept, nor for what each request has to ask about anew; who wants a newer answer than
  /// there is wants its own.
  private func mayWait(
    _ hash: UInt64, _ forwarded: StoreJob.Forwarded, _ kept: CachedResponse?, now: Int64
  ) -> Bool {
    guard forwarded != .request, kept?.wasFresh ?? true else { return false }
    return !unstorable.contains(hash, now: now)
  }

  /// Whether what comes of a request can be kept: a whole answer, or one that is validated. A HEAD brings none when the
  /// kept one turns out to be another.
  func mayLead(_ request: RequestHead, _ kept: CachedResponse?) -> Bool {
    guard request.method == .get else { return false }
    let present = request.block.present.intersection(Preconditions.fields)
    return present.isEmpty || (!present.contains(.range) && kept?.isRevalidated ?? false)
  }
}

extension Flights.Key {
  init(_ place: CachePlace) { self.init(value: place.hash, bytes: Array(place.key)) }
}
