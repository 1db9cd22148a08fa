import GatewayKit
import Synchronization

/// Keeps order among questions for all loops: each is asked once, so many at a time, the others in line, and so many
/// exchanges wait in all. Domains take turns in line, and none has more exchanges waiting than there is room for more: a
/// flood of one domain's tokens is that domain's trouble.
final class InquiryDesk: Sendable {
  private struct Entry {
    let inquiry: Inquiry
    /// Their domain is the question's.
    var waiters: [Resumption] = []
  }

  private struct State {
    var isOpen = false
    /// Those that are asked and those in line.
    var entries: [Inquiry.Key: Entry] = [:]
    var line = FairLine<Inquiry>()
    var running = 0
    var waiting = 0
    /// By the shard of the exchange's domain.
    var waitingOfOwner: [UInt16: Int] = [:]
    var breaker = Breaker()
  }

  enum Admission {
    /// The caller asks the question; the exchange waits.
    case begun(Inquiry)
    /// The exchange waits for a question that others ask.
    case joined(Inquiry)
    /// Too many wait.
    case busy
    /// The endpoint is dead, or the plugin has ended.
    case unavailable
  }

  /// What the end of a question sets free.
  struct Ended {
    var waiters: [Resumption] = []
    /// The question that the caller asks now.
    var next: Inquiry?
  }

  private let mostRunning: Int
  private let mostWaiting: Int
  private let state = Mutex(State())

  init(mostRunning: Int, mostWaiting: Int) {
    self.mostRunning = mostRunning
    self.mostWaiting = mostWaiting
  }

  func open() { state.withLock { $0.isOpen = true } }

  /// How many questions are being asked, and how many exchanges wait.
  var load: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.waiting) } }

  /// Whether the endpoint is taken for dead.
  var isDead: Bool { state.withLock { $0.breaker.isOpen } }

  /// Lets an exchange wait for the answer to a question.
  ///
  /// - Parameter resumption: makes the right to be resumed, with ``Continuation/again``; called only when it waits.
  func wait(for inquiry: Inquiry, at now: Int64, _ resumption: () -> Resumption) -> Admission {
    let key = inquiry.key
    return state.withLock { state in
      guard state.isOpen else { return .unavailable }
      let known = state.entries[key]?.inquiry
      if known == nil, !state.breaker.admits(inquiry.owner, at: now) { return .unavailable }
      let owner = inquiry.owner
      let owned = state.waitingOfOwner[owner, default: 0]
      guard state.waiting < mostWaiting, owned < max(mostWaiting - state.waiting, 1) else { return .busy }
      state.waiting += 1
      state.waitingOfOwner[owner] = owned + 1
      state.entries[key, default: Entry(inquiry: inquiry)].waiters.append(resumption())
      if let known { return .joined(known) }
      guard state.running < mostRunning else {
        state.line.append(inquiry, of: owner)
        return .joined(inquiry)
      }
      state.running += 1
      return .begun(inquiry)
    }
  }

  /// Takes a question that nobody waits for; false when it is being asked, or others would have to stand back for it.
  func begin(_ inquiry: Inquiry, at now: Int64) -> Bool {
    let key = inquiry.key
    return state.withLock { state in
      guard state.isOpen, state.entries[key] == nil, state.running < mostRunning,
        state.breaker.admits(inquiry.owner, at: now)
      else {
        return false
      }
      state.entries[key] = Entry(inquiry: inquiry)
      state.running += 1
      return true
    }
  }

  /// Ends a question whose answer is known, and gives the next one.
  func end(_ inquiry: Inquiry, _ health: EndpointHealth, at now: Int64) -> Ended {
    state.withLock { state in
      var ended = Ended()
      switch health {
      case .alive: state.breaker.succeeded()
      case .dead: state.breaker.failed(inquiry.owner, at: now)
      case .unknown: break
      }
      take(inquiry, from: &state, into: &ended)
      while ended.next == nil, let next = state.line.popFirst() {
        if state.breaker.isOpen(for: next.owner) {
          next.answer = .unavailable
          take(next, from: &state, into: &ended)
        } else {
          ended.next = next
        }
      }
      if ended.next == nil { state.running -= 1 }
      return ended
    }
  }

  /// Lets nobody wait any more.
  func close() -> [Resumption] {
    state.withLock { state in
      let waiters = state.entries.values.flatMap(\.waiters)
      state.isOpen = false
      state.entries = [:]
      state.line = FairLine()
      state.waiting = 0
      state.waitingOfOwner = [:]
      return waiters
    }
  }

  private func take(_ inquiry: Inquiry, from state: inout State, into ended: inout Ended) {
    guard let entry = state.entries.removeValue(forKey: inquiry.key) else { return }
    let (count, owner) = (entry.waiters.count, inquiry.owner)
    state.waiting -= count
    let left = state.waitingOfOwner[owner, default: 0] - count
    state.waitingOfOwner[owner] = left > 0 ? left : nil
    ended.waiters += entry.waiters
  }
}
