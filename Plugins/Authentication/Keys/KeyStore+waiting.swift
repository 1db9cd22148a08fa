import GatewayKit
import Synchronization

/// How it goes on with an exchange whose token names an unknown key.
enum KeyWait {
  /// It waits, and is asked again.
  case waits(KeyTicket)
  /// There is no such key.
  case keyUnknown
  /// Too many wait, or the next fetch is too far away.
  case busy
}

extension KeyStore {
  /// Whether everything that the ticket waits for has come. Ask before the token is judged once more: what is unknown
  /// afterwards is unknown for good.
  func isComplete(_ ticket: KeyTicket) -> Bool {
    state.withLock { state in Self.outstanding(ticket, state).isEmpty }
  }

  /// Whether what was waited for failed, so that nobody can say that there is no such key.
  func hasFailed(_ ticket: KeyTicket) -> Bool {
    state.withLock { state in state.flights.indices.contains { ticket.wanted[$0] > 0 && state.flights[$0].failures > 0 }
    }
  }

  /// Lets an exchange wait for fetches that begin later than now, each as soon as its cooldown has ended.
  ///
  /// - Parameters:
  ///   - ticket: what the exchange waits for already; nil when its token is seen for the first time.
  ///   - resumption: makes the right to be resumed, with ``Continuation/again``; called only when it waits.
  func awaitKeys(_ ticket: KeyTicket?, _ resumption: () -> Resumption) -> KeyWait {
    guard isRemote else { return .keyUnknown }
    let now = clock.monotonic()
    let (wait, due) = state.withLock { state -> (KeyWait, [Int]) in
      guard !state.isClosed, state.fetcher != nil else { return (.keyUnknown, []) }
      guard state.waiters.count < Self.mostWaiters else { return (.busy, []) }
      let ticket = ticket ?? Self.ticket(state)
      let outstanding = Self.outstanding(ticket, state)
      if outstanding.isEmpty {
        // The last one came while the token was judged.
        resumption().resume(.again)
        return (.waits(ticket), [])
      }
      let resting = outstanding.filter { !state.flights[$0].isRunning }
      guard resting.allSatisfy({ state.flights[$0].delay(at: now, cooldown: cooldown) <= Self.longestWait }) else {
        return (.busy, [])
      }
      // One that hangs holds up those who came before it was seen to, and nobody else.
      guard outstanding.allSatisfy({ !state.flights[$0].hangs(at: now, limit: Self.longestFetch) }) else {
        return (.busy, [])
      }
      let due = resting.filter { !state.flights[$0].isScheduled }
      for index in due { state.flights[index].isScheduled = true }
      state.waiters.append(Waiter(ticket: ticket, resumption: resumption()))
      return (.waits(ticket), due)
    }
    for index in due { Task { await self.fetchWhenDue(index) } }
    return wait
  }

  /// Who is asked again after a fetch of a source, and whether it is to be fetched once more for those who wait on.
  ///
  /// An exchange may be asked again a few times only. So nobody is for whom nothing has changed: with many sources, the
  /// end of each fetch would be a time.
  func wake(
    after index: Int, hasNew: Bool, at now: Int64, _ state: inout State
  ) -> (woken: [Waiter], isWanted: Bool) {
    if hasNew {
      defer { state.waiters = [] }
      return (state.waiters, false)
    }
    let isTooFar = state.flights[index].delay(at: now, cooldown: cooldown) > Self.longestWait
    var (woken, waiting, isWanted) = ([Waiter](), [Waiter](), false)
    for waiter in state.waiters {
      let wantsMore = state.flights[index].completed < waiter.ticket.wanted[index]
      if wantsMore && isTooFar || Self.outstanding(waiter.ticket, state).isEmpty {
        woken.append(waiter)
      } else {
        waiting.append(waiter)
        if wantsMore { isWanted = true }
      }
    }
    state.waiters = waiting
    guard isWanted, !state.flights[index].isScheduled else { return (woken, false) }
    state.flights[index].isScheduled = true
    return (woken, true)
  }

  private static func ticket(_ state: State) -> KeyTicket {
    KeyTicket(wanted: zip(state.sources, state.flights).map { $0.isRemote ? $1.begun + 1 : 0 })
  }

  private static func outstanding(_ ticket: KeyTicket, _ state: State) -> [Int] {
    state.flights.indices.filter { state.flights[$0].completed < ticket.wanted[$0] }
  }

  /// Begins the next fetch of a source when its cooldown has ended.
  func fetchWhenDue(_ index: Int) async {
    while true {
      let due = state.withLock { $0.flights[index].due(cooldown: cooldown) }
      if clock.monotonic() >= due { break }
      // It fails only when the task is cancelled, which nobody does.
      guard (try? await clock.sleep(until: due)) != nil else { break }
    }
    if begin(index) { _ = await runFetch(index) }
  }

  /// Takes the right to fetch a source, unless that is under way.
  func begin(_ index: Int) -> Bool {
    let now = clock.monotonic()
    return state.withLock { state in
      state.flights[index].isScheduled = false
      guard state.isStarted, !state.isClosed, !state.flights[index].isRunning else { return false }
      state.flights[index].begin(at: now)
      return true
    }
  }
}
