import Synchronization

/// Sleeping that a test owns: every sleep is seen, and ends when the test says so or its task is cancelled.
final class ManualSleep: Sendable {
  struct Entry: Sendable {
    let id: Int
    let duration: Duration
  }

  private struct State {
    var count = 0
    var sleeping: [Int: CheckedContinuation<Void, any Error>] = [:]
    var durations: [Int: Duration] = [:]
    var cancelled: Set<Int> = []
  }

  private let state = Mutex(State())
  private let (entries, announce) = AsyncStream.makeStream(of: Entry.self)

  @Sendable func sleep(_ duration: Duration) async throws {
    let id = state.withLock { state in
      state.count += 1
      return state.count
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if state.cancelled.contains(id) { return true }
          state.sleeping[id] = continuation
          state.durations[id] = duration
          return false
        }
        if isCancelled { return continuation.resume(throwing: CancellationError()) }
        announce.yield(Entry(id: id, duration: duration))
      }
    } onCancel: {
      let sleeping = state.withLock { state in
        state.cancelled.insert(id)
        return state.sleeping.removeValue(forKey: id)
      }
      sleeping?.resume(throwing: CancellationError())
    }
  }

  /// The next sleep that began and was not seen yet.
  func next() async -> Entry {
    for await entry in entries { return entry }
    return Entry(id: 0, duration: .zero)
  }

  /// The next one that is not of this duration.
  func next(besides duration: Duration) async -> Entry {
    while true {
      let entry = await next()
      if entry.duration != duration { return entry }
    }
  }

  /// The same, once there is one: on a busy machine it may begin later than what it is to be compared with.
  func wakeOnceAsleep(_ duration: Duration) async {
    while !state.withLock({ state in state.sleeping.keys.contains { state.durations[$0] == duration } }) {
      await Task.yield()
    }
    wake(duration)
  }

  /// Ends all sleeps of this duration.
  func wake(_ duration: Duration) {
    let woken = state.withLock { state in
      let ids = state.sleeping.keys.filter { state.durations[$0] == duration }
      return ids.compactMap { state.sleeping.removeValue(forKey: $0) }
    }
    for continuation in woken { continuation.resume() }
  }

  var sleepers: Int { state.withLock { $0.sleeping.count } }
}
