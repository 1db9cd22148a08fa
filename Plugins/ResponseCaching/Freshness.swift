/// How long a response is fresh, and how old it is (RFC 9111 section 4.2). All in nanoseconds unless a name says otherwise.
enum Freshness {
  /// The freshness lifetime for a shared cache (section 4.2.1); nil when the response says nothing.
  ///
  /// - Parameter nowSeconds: wall-clock seconds, in place of a missing Date.
  static func lifetime(_ facts: ResponseFacts, nowSeconds: Int64) -> Int64? {
    let directives = facts.directives
    if let seconds = directives.sharedMaxAge ?? directives.maxAge { return DeltaSeconds.nanoseconds(seconds) }
    guard facts.hasExpires, !facts.isTargeted else { return nil }
    guard let expires = facts.expires else { return 0 }
    return DeltaSeconds.nanoseconds(expires - (facts.date ?? nowSeconds))
  }

  /// A guess for a response that says nothing: a tenth of the time since it was modified (section 4.2.2).
  ///
  /// - Parameter most: the longest that the organisation lets a guess be; 0 for none.
  static func heuristic(_ facts: ResponseFacts, nowSeconds: Int64, most: Int64) -> Int64 {
    guard let modified = facts.lastModified else { return 0 }
    return min(most, DeltaSeconds.nanoseconds(((facts.date ?? nowSeconds) - modified) / 10))
  }

  /// The age of a response that has just come (section 4.2.3, corrected_initial_age).
  ///
  /// - Parameters:
  ///   - delay: how long ago its request was made.
  ///   - nowSeconds: wall-clock seconds at which it came.
  static func initialAge(_ facts: ResponseFacts, delay: Int64, nowSeconds: Int64) -> Int64 {
    let apparent = DeltaSeconds.nanoseconds(nowSeconds - (facts.date ?? nowSeconds))
    let corrected = DeltaSeconds.nanoseconds(facts.age) + min(max(delay, 0), DeltaSeconds.nanoseconds(.max))
    return max(apparent, corrected)
  }
}
