import NIOCore
import Synchronization

/// A name and those who want to know its addresses.
final class ResolvedName: Sendable {
  struct Subscriber: Sendable {
    let port: Int
    let deliver: @Sendable ([SocketAddress]) -> Void
  }

  private struct State {
    var interval: Duration
    var subscribers: [Subscriber] = []
    var addresses: [SocketAddress] = []
    var failures = 0
  }

  let host: String
  private let state: Mutex<State>

  init(host: String, interval: Duration) {
    self.host = host
    state = Mutex(State(interval: interval))
  }

  /// The shortest that anybody wants.
  var interval: Duration { state.withLock { $0.interval } }
  /// What was found last; port 0.
  var addresses: [SocketAddress] { state.withLock { $0.addresses } }

  func add(_ subscriber: Subscriber, interval: Duration) {
    state.withLock { state in
      state.subscribers.append(subscriber)
      state.interval = min(state.interval, interval)
    }
  }

  /// Takes an answer; tells the subscribers when it is another set of addresses than before.
  ///
  /// - Returns: whether it is, and how many failures in a row it ends.
  func succeeded(_ answer: [SocketAddress]) -> (changed: Bool, failures: Int) {
    let (changed, failures, subscribers) = state.withLock { state in
      // Name servers turn the order with each answer: that is no change.
      let changed = Set(state.addresses) != Set(answer)
      if changed { state.addresses = answer }
      defer { state.failures = 0 }
      return (changed, state.failures, state.subscribers)
    }
    if changed {
      for subscriber in subscribers { subscriber.deliver(answer.map { $0.with(port: subscriber.port) }) }
    }
    return (changed, failures)
  }

  /// - Returns: how many failures in a row there are now.
  func failed() -> Int {
    state.withLock { state in
      if state.failures < Int.max { state.failures += 1 }
      return state.failures
    }
  }
}

extension SocketAddress {
  func with(port: Int) -> SocketAddress {
    var copy = self
    copy.port = port
    return copy
  }
}
