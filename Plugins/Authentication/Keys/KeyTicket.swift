/// What an exchange waits for whose token names a key that nobody knows: of each key set at an address, a fetch that
/// began after the token was seen. One that began before may have missed the key.
final class KeyTicket: Sendable {
  /// For each source, the number of the fetch that has to be complete; 0 for sources that are not asked.
  let wanted: [UInt64]

  init(wanted: [UInt64]) { self.wanted = wanted }
}

/// How the key set of one source is kept up to date.
struct KeyFlight: Sendable {
  /// How many fetches have begun. At most one runs.
  private(set) var begun: UInt64 = 0
  /// How many are complete, with keys or without.
  private(set) var completed: UInt64 = 0
  /// Whether somebody waits to begin the next when the cooldown ends.
  var isScheduled = false
  /// When the last fetch began, in monotonic nanoseconds; nil before the first.
  private(set) var lastBegun: Int64?
  /// When the last fetch that brought keys began; before that, when the store was made.
  private(set) var lastGood: Int64
  /// How many fetches in a row have failed.
  private(set) var failures = 0

  init(made: Int64) { lastGood = made }

  var isRunning: Bool { begun != completed }

  /// How long it is until a fetch may begin; 0 when one may begin now.
  func delay(at now: Int64, cooldown: Int64) -> Int64 {
    max(0, due(cooldown: cooldown).saturatingAdd(-now))
  }

  /// From when on a fetch may begin.
  func due(cooldown: Int64) -> Int64 { lastBegun?.saturatingAdd(cooldown) ?? .min }

  /// Whether a fetch has been under way for longer than that.
  func hangs(at now: Int64, limit: Int64) -> Bool {
    guard isRunning, let lastBegun else { return false }
    return now.saturatingAdd(-lastBegun) > limit
  }

  mutating func begin(at now: Int64) {
    begun += 1
    isScheduled = false
    lastBegun = now
  }

  mutating func complete(isGood: Bool) {
    completed = begun
    if isGood {
      failures = 0
      lastGood = lastBegun ?? lastGood
    } else {
      failures += 1
    }
  }
}
