import GatewayKit

/// Judges tokens by the list, on one loop: once it is known who asks, wherever in `use:` the plugin stands.
final class TokenRegistryFilter: AuthorizeFilter {
  private let registry: TokenRegistry
  private let replies: RegistryReplies
  private let unlisted: TokenRegistrySettings.Unlisted
  private let maxAge: Int64
  @exclusivity(unchecked) private var list: TokenList?
  @exclusivity(unchecked) private var memo = JudgementMemo()

  init(registry: TokenRegistry, replies: RegistryReplies, settings: TokenRegistrySettings) {
    self.registry = registry
    self.replies = replies
    unlisted = settings.unlisted
    maxAge = settings.maxAge.map(Nanoseconds.from) ?? .max
  }

  func authorize(_ exchange: Exchange) -> Verdict {
    guard let identity = exchange.identity else { return .next }
    if list?.version != registry.version { list = registry.list }
    guard let list else { return replies.stale.verdict() }
    if let known = memo.standing(of: identity, version: list.version) { return verdict(known, list, exchange) }
    let standing = list.standing(of: identity.tokenID, subject: identity.subject, unlisted: unlisted)
    if standing == .unlisted {
      if isStale(list, exchange) { return replies.stale.verdict() }
      if let verdict = lookUp(identity, exchange) { return verdict }
    }
    memo.insert(standing, of: identity, version: list.version)
    return verdict(standing, list, exchange)
  }

  private func verdict(_ standing: Standing, _ list: TokenList, _ exchange: Exchange) -> Verdict {
    if standing == .uncovered { return .next }
    if isStale(list, exchange) { return replies.stale.verdict() }
    switch standing {
    case .uncovered: return .next
    case .active(let until): return exchange.loop.wall < until ? .next : replies.expired.verdict()
    case .inactive: return replies.inactive.verdict()
    case .deleted: return replies.deleted.verdict()
    case .unlisted: return replies.unlisted.verdict()
    }
  }

  private func isStale(_ list: TokenList, _ exchange: Exchange) -> Bool {
    maxAge != .max && exchange.loop.now &- list.confirmed > maxAge
  }

  /// A token that is not listed may be younger than the list. Nil when a reading that began after it was first seen has
  /// not brought it, or when there is nothing to look for.
  private func lookUp(_ identity: Identity, _ exchange: Exchange) -> Verdict? {
    if identity.tokenID.isEmpty { return nil }
    switch registry.awaitReading(of: identity.tokenID, { exchange.suspend() }) {
    case .absent: return nil
    case .waits: return .wait
    case .busy: return replies.busy.verdict()
    case .unavailable: return replies.stale.verdict()
    }
  }
}
