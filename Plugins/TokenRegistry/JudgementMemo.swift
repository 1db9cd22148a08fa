import GatewayKit

/// What one loop has found of tokens, so that finding it again costs a few loads. A table of fixed size: each token has
/// one place, and the last one to come has it.
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

  private static let places = 4096
  private var entries: ContiguousArray<Entry>

  init() {
    let empty = Entry(version: 0, tokenID: "", subject: "", standing: .uncovered)
    entries = ContiguousArray(repeating: empty, count: Self.places)
  }

  /// What this version of the list says of the token; nil when the loop does not know.
  func standing(of identity: Identity, version: UInt64) -> Standing? {
    let place = Self.place(identity)
    guard entries[place].version == version, entries[place].tokenID == identity.tokenID,
      entries[place].subject == identity.subject
    else { return nil }
    return entries[place].standing
  }

  mutating func insert(_ standing: Standing, of identity: Identity, version: UInt64) {
    entries[Self.place(identity)] = Entry(
      version: version, tokenID: identity.tokenID, subject: identity.subject, standing: standing)
  }

  private static func place(_ identity: Identity) -> Int {
    Int(truncatingIfNeeded: identity.fingerprint.words.0 & UInt64(places - 1))
  }
}
