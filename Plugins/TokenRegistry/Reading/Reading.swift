import UserApiTokens

/// All tokens of the list, as the API told them.
struct Reading: Sendable {
  /// When it began; monotonic nanoseconds.
  let began: Int64
  let ownerID: String?
  let tokens: [String: ListedToken]
  /// What tells whether the list has changed since; nil when nothing can.
  let mark: ListMark?
  /// Whether the list changed while it was read, so that tokens may be missing.
  let isTorn: Bool
}

extension ListedToken {
  /// A token counts as active only when the API says so.
  init(_ token: ApiToken) {
    isActive = token.status == .active
    expiry = token.expirationDate.map { Nanoseconds.from(milliseconds: WireDate.milliseconds($0)) } ?? .max
  }
}

/// Times in nanoseconds.
enum Nanoseconds {
  static let second: Int64 = 1_000_000_000

  /// The nearest number there is.
  static func from(milliseconds: Int64) -> Int64 {
    let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? (milliseconds < 0 ? .min : .max) : product
  }

  /// A duration of the settings, which are bounded so that it fits.
  static func from(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * second + attoseconds / 1_000_000_000
  }
}

/// What tells a changed list from an unchanged one at the price of one short answer: how many tokens there are and
/// which was changed last, and when.
struct ListMark: Sendable, Equatable {
  let count: Int
  let newest: String?
  /// Milliseconds since 1970.
  let updated: Int64?

  /// The mark that a page tells which is sorted by the time of change, latest first; nil when it cannot be relied on.
  ///
  /// - Parameter wall: The time when it was asked for, in nanoseconds since 1970. A change of just now might be
  ///   followed by one that has the same time, so it makes no mark.
  init?(_ page: ApiTokens, at wall: Int64) {
    guard let count = page.totalCount, page.sortField ?? .lastUpdated == .lastUpdated else { return nil }
    self.count = count
    guard count > 0 else {
      guard page.items.isEmpty else { return nil }
      (newest, updated) = (nil, nil)
      return
    }
    guard let first = page.items.first, let date = first.lastUpdated else { return nil }
    newest = first.id
    let time = WireDate.milliseconds(date)
    guard Nanoseconds.from(milliseconds: time) <= wall - Self.settles else { return nil }
    updated = time
  }

  /// Coarser clocks than the second are not to be expected.
  private static let settles = 2 * Nanoseconds.second
}
