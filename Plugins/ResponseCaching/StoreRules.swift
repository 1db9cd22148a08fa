import GatewayKit
import HTTPWire

/// Which responses are kept, and for how long.
struct StoreRules {
  private let freshness: FreshnessRules
  private let isPerToken: Bool
  private let revalidates: Bool
  private let maxObject: Int

  init(_ settings: CacheSettings) {
    freshness = FreshnessRules(settings)
    revalidates = settings.revalidates
    isPerToken = settings.share == .token
    maxObject = settings.maxObject
  }

  /// What to keep of a response.
  struct Terms {
    var status: UInt16 = 200
    /// Nanoseconds from now; not above 0 for what the origin has to be asked about before each use.
    var lifetime: Int64
    /// Nanoseconds that the response is old already.
    var age: Int64
    var vary = FieldSelection()
    /// Fields that are not kept.
    var left = FieldSelection()
    /// Whether it may be given when it is stale, to who takes that.
    var allowsStale = false
    /// For how long it may be given when it is stale.
    var grace = StaleGrace()
    var validators = Validators()
    /// Whether the origin is asked about it when it is stale.
    var isRevalidated = false
    /// Whether the conditions of later requests are judged by it.
    var answersConditions = false
  }

  /// What to keep of an exchange's response, or nil.
  ///
  /// - Parameter began: monotonic nanoseconds at which its request was looked up.
  func terms(_ exchange: Exchange, began: Int64) -> Terms? {
    exchange.request.method == .get ? termsOfWhole(exchange, began: began) : nil
  }

  /// The same for a response that is whole, whatever the method of the request.
  func termsOfWhole(_ exchange: Exchange, began: Int64) -> Terms? {
    if Self.isEventStream(exchange.response.block) { return nil }
    let framing = exchange.response.framing
    if case .length(let length) = framing, length > UInt64(maxObject) { return nil }
    // What has neither a length nor chunks cannot be told from what was cut (RFC 9111 section 3.3).
    guard framing != .untilClose, let vary = VaryRules.selection(of: exchange) else { return nil }
    guard var terms = freshness.terms(exchange, began: began) else { return nil }
    terms.vary = vary
    if terms.status == 200 {
      terms.validators = Validators(
        exchange.response.block, without: terms.left, now: exchange.loop.wall / 1_000_000_000)
      terms.isRevalidated = revalidates && terms.validators.canBeAsked
    }
    // What cannot be used without the origin's word is of use only when that can be had.
    guard terms.lifetime > 0 || terms.isRevalidated || terms.grace.longest > 0 &- terms.lifetime else { return nil }
    return isPerToken ? bounded(terms, by: exchange) : terms
  }

  /// What a stream of events says is for those who listen now, and has no end to wait for.
  private static func isEventStream(_ block: FieldBlock) -> Bool {
    block.withValue(of: .contentType) { value in
      OctetClass.equalIgnoringCase(value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }, "text/event-stream")
    } ?? false
  }

  /// What is kept for a token ends with it.
  private func bounded(_ terms: Terms, by exchange: Exchange) -> Terms? {
    guard let identity = exchange.identity else { return terms }
    let wall = exchange.loop.wall
    guard identity.expiry > wall else { return nil }
    let left = identity.expiry.subtractingReportingOverflow(wall)
    guard !left.overflow else { return terms }
    var terms = terms
    terms.grace.end(after: left.partialValue &- terms.lifetime)
    guard left.partialValue < terms.lifetime else { return terms }
    terms.lifetime = left.partialValue
    terms.allowsStale = false
    return terms
  }
}
