import GatewayKit

/// What one loop has found of tokens, so that finding it again costs a few loads. Each token has one place, and the
/// last one to come has it. The table is small until many tokens come, since there may be one for every domain and
/// loop.
///
/// Whether a place is this token's is told by all that it was judged by: two plugins may take the id of one token from
/// different claims. Strings of one identity share their storage, so that comparing them is comparing words.
struct JudgementMemo {
  private struct Entry {
    var version: UInt64
    var tokenID: String
    var subject: String
    var standing: Standing
  }

  private static let fewestPlaces = 64
  private static let mostPlaces = 4096
  private var entries = Self.table(places: fewestPlaces)
  /// How many tokens came since the table has this size.
  private var inserted = 0

  private static func table(places: Int) -> ContiguousArray<Entry> {
    ContiguousArray(repeating: Entry(version: 0, tokenID: "", subject: "", standing: .uncovered), count: places)
  }

  /// What this version of the list says of the token; nil when the loop does not know.
  func standing(of identity: Identity, version: UInt64) -> Standing? {
    let place = place(of: identity)
    guard entries[place].version == version, entries[place].tokenID == identity.tokenID,
      entries[place].subject == identity.subject
    else { return nil }
    return entries[place].standing
  }

  mutating func insert(_ standing: Standing, of identity: Identity, version: UInt64) {
    inserted += 1
    if inserted > entries.count * 2, entries.count < Self.mostPlaces {
      entries = Self.table(places: entries.count * 2)
      inserted = 0
    }
    entries[place(of: identity)] = Entry(
      version: version, tokenID: identity.tokenID, subject: identity.subject, standing: standing)
  }

  /// The number of places is a power of two.
  private func place(of identity: Identity) -> Int {
    Int(truncatingIfNeeded: identity.fingerprint.words.0 & UInt64(truncatingIfNeeded: entries.count - 1))
  }
}
