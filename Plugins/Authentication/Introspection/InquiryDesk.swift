import GatewayKit
import Synchronization

/// Keeps order among questions for all loops: each is asked once, so many at a time, the others in line, and so many
/// exchanges wait in all.
final class InquiryDesk: Sendable {
  private struct Entry {
    let inquiry: Inquiry
    var waiters: [Resumption] = []
  }

  private struct State {
    var isOpen = false
    /// Those that are asked and those in line.
    var entries: [Inquiry.Key: Entry] = [:]
    var line: [Inquiry] = []
    /// Where the line begins; what stands before has been asked.
    var lineStart = 0
    var running = 0
    var waiting = 0
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
      if known == nil, !state.breaker.admits(at: now) { return .unavailable }
      guard state.waiting < mostWaiting else { return .busy }
      state.waiting += 1
      state.entries[key, default: Entry(inquiry: inquiry)].waiters.append(resumption())
      if let known { return .joined(known) }
      guard state.running < mostRunning else {
        state.line.append(inquiry)
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
      guard state.isOpen, state.entries[key] == nil, state.running < mostRunning, state.breaker.admits(at: now) else {
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
      case .dead: state.breaker.failed(at: now)
      case .unknown: break
      }
      take(inquiry, from: &state, into: &ended)
      while ended.next == nil, state.lineStart < state.line.count {
        let next = state.line[state.lineStart]
        state.lineStart += 1
        if state.breaker.isOpen {
          next.answer = .unavailable
          take(next, from: &state, into: &ended)
        } else {
          ended.next = next
        }
      }
      shortenLine(&state)
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
      state.line = []
      state.lineStart = 0
      state.waiting = 0
      return waiters
    }
  }

  private func take(_ inquiry: Inquiry, from state: inout State, into ended: inout Ended) {
    guard let entry = state.entries.removeValue(forKey: inquiry.key) else { return }
    state.waiting -= entry.waiters.count
    ended.waiters += entry.waiters
  }

  /// Drops what has been asked once it is half of the line, so that each question is moved about once.
  private func shortenLine(_ state: inout State) {
    guard state.lineStart * 2 >= state.line.count else { return }
    state.line.removeFirst(state.lineStart)
    state.lineStart = 0
  }
}
