/// For how long a stale answer may still be given, in nanoseconds after its freshness (RFC 5861).
package struct StaleGrace: Sendable, Hashable {
  /// When the origin fails.
  package var onError: Int64 = 0
  /// While the origin is asked.
  package var whileAsking: Int64 = 0

  /// The longest of them.
  var longest: Int64 { max(onError, whileAsking) }

  /// What the organisation says, or less where the origin says so.
  func bounded(by directives: ResponseDirectives) -> StaleGrace {
    var grace = self
    if let seconds = directives.staleIfError { grace.onError = min(onError, DeltaSeconds.nanoseconds(seconds)) }
    if let seconds = directives.staleWhileRevalidate {
      grace.whileAsking = min(whileAsking, DeltaSeconds.nanoseconds(seconds))
    }
    return grace
  }

  /// What the origin says, and the organisation where it says nothing.
  func replaced(by directives: ResponseDirectives, most: Int64) -> StaleGrace {
    var grace = self
    if let seconds = directives.staleIfError { grace.onError = min(most, DeltaSeconds.nanoseconds(seconds)) }
    if let seconds = directives.staleWhileRevalidate {
      grace.whileAsking = min(most, DeltaSeconds.nanoseconds(seconds))
    }
    return grace
  }

  /// Cuts all of it to end so much after the freshness.
  mutating func end(after most: Int64) {
    onError = min(onError, max(most, 0))
    whileAsking = min(whileAsking, max(most, 0))
  }
}
