/// Lines of waiters, in one block of memory: who joins has a ticket, and can leave from any place of its line.
struct WaitingLines<Waiter> {
  /// One line: its ends, by their tickets.
  struct Line {
    fileprivate(set) var first = -1
    fileprivate(set) var last = -1
    /// How many stand in it.
    fileprivate(set) var count = 0
  }

  private struct Place {
    var waiter: Waiter?
    /// Whose line it is.
    var owner: Int
    var previous: Int
    /// The next in the line; among the free places the next free one.
    var next: Int
  }

  private var places: ContiguousArray<Place> = []
  private var free = -1
  /// How many wait in all lines.
  private(set) var count = 0

  /// Adds a waiter at the end of its owner's line.
  /// - Returns: its ticket.
  mutating func join(_ line: inout Line, _ waiter: Waiter, owner: Int) -> Int {
    let place = Place(waiter: waiter, owner: owner, previous: line.last, next: -1)
    let ticket: Int
    if free >= 0 {
      ticket = free
      free = places[ticket].next
      places[ticket] = place
    } else {
      ticket = places.count
      places.append(place)
    }
    if line.last >= 0 { places[line.last].next = ticket } else { line.first = ticket }
    line.last = ticket
    line.count += 1
    count += 1
    return ticket
  }

  /// Takes a waiter out of its owner's line; nil when nobody has the ticket any more.
  mutating func leave(_ line: inout Line, _ ticket: Int) -> Waiter? {
    guard places.indices.contains(ticket), let waiter = places[ticket].waiter else { return nil }
    let (previous, next) = (places[ticket].previous, places[ticket].next)
    if previous >= 0 { places[previous].next = next } else { line.first = next }
    if next >= 0 { places[next].previous = previous } else { line.last = previous }
    places[ticket] = Place(waiter: nil, owner: -1, previous: -1, next: free)
    free = ticket
    line.count -= 1
    count -= 1
    return waiter
  }

  /// Whose line a ticket is of; nil when nobody has it any more.
  func owner(of ticket: Int) -> Int? {
    guard places.indices.contains(ticket), places[ticket].waiter != nil else { return nil }
    return places[ticket].owner
  }
}
