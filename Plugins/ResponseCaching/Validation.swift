import GatewayKit
import HTTPWire
import NIOCore

/// A kept answer that the origin is asked about, for one request.
struct ValidatedAnswer {
  let response: CachedResponse
  /// What it comes to by the client's own conditions and range. Judged when the request came, since the conditions for
  /// the origin take their place.
  let outcome: Preconditions.Outcome
  /// For how many nanoseconds after its freshness it is given when the origin fails.
  let helpOnError: Int64
  /// Whether the origin was asked with its validators.
  let isConditional: Bool
}

/// The conditional request to the origin, and what its answer means (RFC 9111 section 4.3).
enum Validation {
  enum Verdict: Equatable {
    /// The kept answer is the current one, and is updated when this is true.
    case valid(updates: Bool)
    /// The origin says that something is unchanged which is not what is kept here.
    case contradictory
    /// The origin is in trouble.
    case failed
    /// The answer stands by itself.
    case other
  }

  /// Adds the conditions; those that the client sent do not go out then (section 4.3.1).
  static func addConditions(of validators: Validators, to exchange: Exchange) {
    if !validators.tag.isEmpty { validators.tag.withUnsafeBytes { exchange.requestAdditions.add(.ifNoneMatch, $0) } }
    if let modified = validators.lastModified {
      var date = ByteBuffer()
      CivilTime(seconds: modified).writeHTTPDate(into: &date)
      date.withUnsafeReadableBytes { exchange.requestAdditions.add(.ifModifiedSince, $0) }
    } else {
      exchange.request.block.remove(.ifModifiedSince)
    }
    if validators.tag.isEmpty { exchange.request.block.remove(.ifNoneMatch) }
  }

  /// Takes the conditions back: the origin is to give a whole answer.
  static func removeConditions(from exchange: Exchange) {
    exchange.requestAdditions.remove([.ifNoneMatch, .ifModifiedSince])
  }

  /// Whether a filter has put conditions of its own in the place of the client's.
  static func hasConditions(_ exchange: Exchange) -> Bool {
    let names = exchange.requestAdditions.names
    return names.contains(.ifNoneMatch) || names.contains(.ifModifiedSince)
  }

  /// What the head of an answer says of the kept one.
  enum Likeness {
    case same, other
    /// Nothing but its length, at most.
    case unknown
  }

  /// Compares what the head of an answer names of validators and length with the kept answer (section 4.3.5).
  static func compare(_ response: ResponseHead, with kept: CachedResponse, now: Int64) -> Likeness {
    let validators = Validators(response.block, without: FieldSelection(), now: now)
    if !validators.tag.isEmpty, validators.tag != kept.validators.tag { return .other }
    if let modified = validators.lastModified, modified != kept.validators.lastModified { return .other }
    guard case .bytes(let body) = kept.reply.content else { return .unknown }
    let length = "\(body.readableBytes)".utf8
    if response.block.withValue(of: .contentLength, { !length.elementsEqual($0) }) ?? false { return .other }
    return validators.canBeAsked ? .same : .unknown
  }

  /// What the origin's answer to the conditional request means (sections 4.3.3 and 4.3.4).
  ///
  /// - Parameter now: wall-clock seconds.
  static func judge(_ response: ResponseHead, _ answer: ValidatedAnswer, now: Int64) -> Verdict {
    if [500, 502, 503, 504].contains(response.status) { return .failed }
    guard response.status == 304, answer.isConditional else { return .other }
    return match(response.block, answer.response.validators, now)
  }

  /// A strong validator selects what has the same; a weak one what is equivalent. Who sends none, which many do, can
  /// only mean what it was asked about; so does who names another date only, but that must not update.
  private static func match(_ block: FieldBlock, _ kept: Validators, _ now: Int64) -> Verdict {
    if block.first(.etag) != nil {
      let tag = block.count(of: .etag) == 1 ? block.withValue(of: .etag) { EntityTag.isOne($0) ? Array($0) : [] } : nil
      guard let tag, !tag.isEmpty else { return .contradictory }
      if kept.tag.isEmpty { return .valid(updates: false) }
      guard EntityTag.matchesWeakly(tag, kept.tag) else { return .contradictory }
      return .valid(updates: EntityTag.isWeak(tag) || EntityTag.matchesStrongly(tag, kept.tag))
    }
    guard block.first(.lastModified) != nil, let known = kept.lastModified else { return .valid(updates: true) }
    let said = block.withValue(of: .lastModified) { HTTPDate.seconds(of: $0, now: now) } ?? nil
    return .valid(updates: said == known)
  }

  /// For an origin that contradicts itself.
  static let contradiction = Reply(
    refusing: 502, "validation_contradictory",
    message: "The origin calls an answer unchanged that is not the one it was asked about. Try again.")
}
