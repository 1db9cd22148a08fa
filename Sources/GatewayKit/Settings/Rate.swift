/// So many in a time: `600/m`, `30/15s`.
public struct Rate: Sendable, Hashable {
  /// How many, at least one.
  public let count: Int
  /// In which time, more than zero.
  public let period: Duration

  /// A rate; nil unless both parts are positive.
  public init?(count: Int, period: Duration) {
    guard count > 0, period > .zero else { return nil }
    self.count = count
    self.period = period
  }
}
