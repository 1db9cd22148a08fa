/// What is known of a token from who was asked about it.
enum Answer: Sendable {
  /// It was good when it was asked about.
  case active(Standing)
  /// It is not good.
  case refused(TokenFailure)
  /// Nobody could say.
  case unavailable

  /// About how many bytes it takes, for the bound of a table.
  var cost: Int {
    if case .active(let standing) = self { standing.facts?.cost ?? 64 } else { 64 }
  }
}

/// A token that was found good. Facts, never decisions: time and domain are judged at every use.
struct Standing: Sendable {
  /// The token's facts; nil when a key vouches for the token, which has them then.
  let facts: VerifiedToken?
  /// When the question was asked, in monotonic nanoseconds.
  let confirmed: Int64
  /// When the token ends as the endpoint says, in nanoseconds since 1970; `Int64.max` when it did not say.
  let ends: Int64
}
