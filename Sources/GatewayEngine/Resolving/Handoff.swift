import Synchronization

/// One value from whoever has it first to the one task that waits for it; later values are dropped.
final class Handoff<Value: Sendable>: Sendable {
  private enum State {
    case empty
    case waiting(CheckedContinuation<Value, Never>)
    case filled(Value)
    case done
  }

  private let state = Mutex(State.empty)

  func give(_ value: Value) {
    let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
      switch state {
      case .empty: state = .filled(value)
      case .waiting(let continuation):
        state = .done
        return continuation
      case .filled, .done: break
      }
      return nil
    }
    waiting?.resume(returning: value)
  }

  /// To be called once.
  func take() async -> Value {
    await withCheckedContinuation { continuation in
      let value = state.withLock { state -> Value? in
        if case .filled(let value) = state {
          state = .done
          return value
        }
        state = .waiting(continuation)
        return nil
      }
      if let value { continuation.resume(returning: value) }
    }
  }
}
