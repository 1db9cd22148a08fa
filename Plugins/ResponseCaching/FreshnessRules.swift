import GatewayKit
import HTTPWire

/// By whose word a response is fresh: the organisation's (`ttl`) or the origin's (`respect: origin`).
enum FreshnessRules {
  case ttl(TimeToLive)
  case origin(OriginsWord)

  init(_ settings: CacheSettings) {
    if let origin = settings.origin {
      self = .origin(OriginsWord(origin, isSharingDeclared: settings.isShareDeclared))
    } else {
      self = .ttl(TimeToLive(settings))
    }
  }

  /// What to keep of a response as far as its age decides; nil when nothing is kept.
  func terms(_ exchange: Exchange, began: Int64) -> StoreRules.Terms? {
    switch self {
    case .ttl(let rules): rules.terms(exchange.response)
    case .origin(let rules): rules.terms(exchange, began: began)
    }
  }
}

/// The organisation says how long; the origin may say less, unless it is overruled.
struct TimeToLive {
  private let ttl: Int64
  private let overrides: Set<CacheSettings.Directive>

  init(_ settings: CacheSettings) {
    ttl = settings.ttl
    overrides = Set(settings.override)
  }

  func terms(_ response: ResponseHead) -> StoreRules.Terms? {
    let block = response.block
    guard response.status == 200, block.first(.setCookie) == nil, block.first(.contentRange) == nil else { return nil }
    let control = ResponseDirectives(block)
    guard isAllowed(control) else { return nil }
    let age = DeltaSeconds.nanoseconds(ResponseFacts.age(of: block))
    if let seconds = control.sharedMaxAge ?? control.maxAge {
      if overrides.contains(.maxAge) { return .init(lifetime: ttl, age: age) }
      let lifetime = min(ttl, DeltaSeconds.nanoseconds(seconds) - age)
      return lifetime > 0 ? .init(lifetime: lifetime, age: age) : nil
    }
    if block.first(.expires) != nil, !overrides.contains(.expires) { return nil }
    return .init(lifetime: ttl, age: age)
  }

  /// `no-cache="x-field"` and the like count as the directive without an argument, which asks for more.
  private func isAllowed(_ control: ResponseDirectives) -> Bool {
    if control.noStore, !overrides.contains(.noStore) { return false }
    if control.noCache || !control.noCacheFields.isEmpty, !overrides.contains(.noCache) { return false }
    return overrides.contains(.private) || (!control.isPrivate && control.privateFields.isEmpty)
  }
}

/// A shared cache by RFC 9111.
struct OriginsWord {
  private let settings: CacheSettings.Origin
  private let dropped: FieldSelection
  private let isSharingDeclared: Bool

  init(_ settings: CacheSettings.Origin, isSharingDeclared: Bool) {
    self.settings = settings
    dropped = FieldSelection(settings.drop)
    self.isSharingDeclared = isSharingDeclared
  }

  func terms(_ exchange: Exchange, began: Int64) -> StoreRules.Terms? {
    let seconds = exchange.loop.wall / 1_000_000_000
    let facts = ResponseFacts(exchange.response, targeted: settings.targeted, now: seconds)
    guard let stated = Storability.lifetime(facts, circumstances(exchange), nowSeconds: seconds) else { return nil }
    let age = Freshness.initialAge(facts, delay: exchange.loop.now &- began, nowSeconds: seconds)
    let lifetime = min(stated, settings.longest) - age
    guard lifetime > 0 else { return nil }
    return StoreRules.Terms(
      status: facts.status, lifetime: lifetime, age: age,
      left: dropped.union(facts.directives.noCacheFields).union(facts.directives.privateFields),
      // What the organisation has cut short ends there.
      allowsStale: facts.directives.allowsStale && stated <= settings.longest, answersConditions: facts.status == 200)
  }

  private func circumstances(_ exchange: Exchange) -> Storability.Circumstances {
    // A credential that was taken away on the way was there all the same.
    let hasCredentials = exchange.request.block.present.contains(.authorization)
    return Storability.Circumstances(
      isAuthorized: hasCredentials || exchange.identity != nil, isSharingDeclared: isSharingDeclared,
      dropsSetCookie: dropped.contains(anyOf: [.setCookie]), heuristic: settings.heuristic)
  }
}
