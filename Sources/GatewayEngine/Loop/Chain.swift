import GatewayKit
import HTTPWire

/// One filter at one phase of the request's way.
enum RequestStep {
  case identity(any IdentityFilter)
  case authorize(any AuthorizeFilter)
  case limit(any LimitFilter)
  case request(any RequestFilter)
  case lookup(any CacheLookupFilter)

  func run(_ exchange: Exchange) -> Verdict {
    switch self {
    case .identity(let filter): filter.identify(exchange)
    case .authorize(let filter): filter.authorize(exchange)
    case .limit(let filter): filter.limit(exchange)
    case .request(let filter): filter.request(exchange)
    case .lookup(let filter): filter.lookup(exchange)
    }
  }
}

/// The filters of a route on one loop, in the order of the phases. A filter stands only where it takes part.
final class Chain {
  let steps: ContiguousArray<RequestStep>
  let responses: ContiguousArray<any ResponseFilter>
  let revalidations: ContiguousArray<any RevalidationFilter>
  let stores: ContiguousArray<any CacheStoreFilter>
  let observers: ContiguousArray<any ObserveFilter>
  let detachedObservers: ContiguousArray<any DetachedObserveFilter>

  /// - Parameter filters: in the order of the configuration.
  init(_ filters: [any Filter]) {
    var steps: ContiguousArray<RequestStep> = []
    steps += filters.compactMap { ($0 as? any IdentityFilter).map(RequestStep.identity) }
    steps += filters.compactMap { ($0 as? any AuthorizeFilter).map(RequestStep.authorize) }
    steps += filters.compactMap { ($0 as? any LimitFilter).map(RequestStep.limit) }
    steps += filters.compactMap { ($0 as? any RequestFilter).map(RequestStep.request) }
    steps += filters.compactMap { ($0 as? any CacheLookupFilter).map(RequestStep.lookup) }
    self.steps = steps
    responses = ContiguousArray(filters.reversed().compactMap { $0 as? any ResponseFilter })
    revalidations = ContiguousArray(filters.reversed().compactMap { $0 as? any RevalidationFilter })
    stores = ContiguousArray(filters.reversed().compactMap { $0 as? any CacheStoreFilter })
    observers = ContiguousArray(filters.reversed().compactMap { $0 as? any ObserveFilter })
    detachedObservers = ContiguousArray(filters.reversed().compactMap { $0 as? any DetachedObserveFilter })
  }

  /// The filter that has no use for the response whose head has come; nil when there is none, or the request cannot be sent
  /// once more.
  func wantsAnother(_ exchange: Exchange) -> (any RevalidationFilter)? {
    guard !revalidations.isEmpty, exchange.request.method.isSafe, exchange.request.framing == .none else { return nil }
    return revalidations.first { $0.wantsAnother(exchange) }
  }
}
