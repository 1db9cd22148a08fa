import GatewayKit
import HTTPWire

/// By whose word a response is fresh: the organisation's (`ttl`) or the origin's (`respect: origin`).
enum FreshnessRules {
  case ttl(TimeToLive)
  case origin(OriginsWord)

  init(_ settings: CacheSettings) {
    if let origin = settings.origin {
      self = .origin(OriginsWord(origin, isSharingDeclared: settings.isShareDeclared, grace: settings.grace))
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
  private let grace: StaleGrace
  private let overrides: Set<CacheSettings.Directive>

  init(_ settings: CacheSettings) {
    ttl = settings.ttl
    grace = settings.grace
    overrides = Set(settings.override)
  }

  func terms(_ response: ResponseHead) -> StoreRules.Terms? {
    let block = response.block
    guard response.status == 200, block.first(.setCookie) == nil, block.first(.contentRange) == nil else { return nil }
    let control = ResponseDirectives(block)
    guard isAllowed(control) else { return nil }
    let age = DeltaSeconds.nanoseconds(ResponseFacts.age(of: block))
    let grace = allowsStale(control) ? grace.bounded(by: control) : StaleGrace()
    if let seconds = control.sharedMaxAge ?? control.maxAge, !overrides.contains(.maxAge) {
      let lifetime = min(ttl, DeltaSeconds.nanoseconds(seconds) - age)
      return lifetime > 0 ? .init(lifetime: lifetime, age: age, grace: grace) : nil
    }
    if control.maxAge == nil, control.sharedMaxAge == nil, block.first(.expires) != nil, !overrides.contains(.expires) {
      return nil
    }
    return .init(lifetime: ttl, age: age, grace: grace)
  }

  /// What says that no stale answer be given counts unless it is overruled (RFC 9111 section 4.2.4).
  private func allowsStale(_ control: ResponseDirectives) -> Bool {
    if control.mustRevalidate || control.proxyRevalidate, !overrides.contains(.mustRevalidate) { return false }
    return control.sharedMaxAge == nil || overrides.contains(.maxAge)
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
  private let grace: StaleGrace

  init(_ settings: CacheSettings.Origin, isSharingDeclared: Bool, grace: StaleGrace) {
    self.settings = settings
    self.grace = grace
    dropped = FieldSelection(settings.drop)
    self.isSharingDeclared = isSharingDeclared
  }

  func terms(_ exchange: Exchange, began: Int64) -> StoreRules.Terms? {
    let seconds = exchange.loop.wall / 1_000_000_000
    let facts = ResponseFacts(exchange.response, targeted: settings.targeted, now: seconds)
    guard let stated = Storability.lifetime(facts, circumstances(exchange), nowSeconds: seconds) else { return nil }
    let age = Freshness.initialAge(facts, delay: exchange.loop.now &- began, nowSeconds: seconds)
    // What the organisation has cut short ends there, but for what it says itself of stale answers.
    let isCut = stated > settings.longest
    let directives = facts.directives
    let longest = isCut ? grace : grace.replaced(by: directives, most: settings.longest)
    return StoreRules.Terms(
      status: facts.status, lifetime: min(stated, settings.longest) - age, age: age,
      left: dropped.union(facts.directives.noCacheFields).union(facts.directives.privateFields),
      allowsStale: directives.allowsStale && !isCut, grace: directives.allowsStale ? longest : StaleGrace(),
      answersConditions: facts.status == 200)
  }

  private func circumstances(_ exchange: Exchange) -> Storability.Circumstances {
    // A credential that was taken away on the way was there all the same.
    let hasCredentials = exchange.request.block.present.contains(.authorization)
    let isIdentified = exchange.identity != nil
    return Storability.Circumstances(
      isAuthorized: hasCredentials || isIdentified,
      // Whom the organisation does not know, it cannot have put into a class.
      isSharingDeclared: isSharingDeclared && (isIdentified || !hasCredentials),
      dropsSetCookie: dropped.contains(anyOf: [.setCookie]), heuristic: settings.heuristic)
  }
}
