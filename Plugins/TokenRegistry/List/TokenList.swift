import Synchronization

/// What the list says of one token.
struct ListedToken: Sendable, Equatable {
  let isActive: Bool
  /// When it ends, in nanoseconds since 1970; `Int64.max` when it never does.
  let expiry: Int64
}

/// What a list says of a token, apart from the time: it holds as long as the list does.
enum Standing: Equatable {
  /// The list has no say in it.
  case uncovered
  /// Good until then, in nanoseconds since 1970.
  case active(until: Int64)
  case inactive
  /// It was listed once and is no more.
  case deleted
  /// It should be listed and is not.
  case unlisted
}

/// A list of tokens that was read whole. Immutable but for the time until which it is known to hold.
final class TokenList: Sendable {
  /// Tells lists apart; larger for later ones.
  let version: UInt64
  let ownerID: String?
  let tokens: [String: ListedToken]
  /// Ids that were listed once.
  let vanished: BoundedIDs
  private let confirmation: Atomic<Int64>

  init(version: UInt64, ownerID: String?, tokens: [String: ListedToken], vanished: BoundedIDs, began: Int64) {
    self.version = version
    self.ownerID = ownerID
    self.tokens = tokens
    self.vanished = vanished
    confirmation = Atomic(began)
  }

  /// When the last reading or probe began that found the list so; monotonic nanoseconds.
  var confirmed: Int64 { confirmation.load(ordering: .relaxed) }

  /// A reading that began then has found the list unchanged.
  func confirm(at began: Int64) { confirmation.store(began, ordering: .relaxed) }

  /// What the list says of a token. An id that is listed counts as what it is listed as, whatever was before.
  func standing(of id: String, subject: String, unlisted: TokenRegistrySettings.Unlisted) -> Standing {
    if let token = tokens[id] { return token.isActive ? .active(until: token.expiry) : .inactive }
    if vanished.contains(id) { return .deleted }
    switch unlisted {
    case .allow: return .uncovered
    case .deny: return .unlisted
    case .owner: return subject == ownerID ? .unlisted : .uncovered
    }
  }

  /// The list after a reading; nil when that brought nothing new.
  ///
  /// A reading during which the list changed may have missed tokens that moved from page to page. So what it did not
  /// bring stays as it was, until a reading in one piece says that it is gone.
  func replaced(by reading: Reading, isFirst: Bool = false) -> TokenList? {
    var (tokens, vanished) = (reading.tokens, vanished)
    if reading.isTorn {
      tokens.merge(self.tokens) { new, _ in new }
    } else {
      for id in self.tokens.keys where tokens[id] == nil { vanished.insert(id) }
    }
    if !isFirst, tokens == self.tokens, reading.ownerID == ownerID { return nil }
    vanished.remove { tokens[$0] != nil }
    return TokenList(
      version: version + 1, ownerID: reading.ownerID, tokens: tokens, vanished: vanished, began: reading.began)
  }
}
