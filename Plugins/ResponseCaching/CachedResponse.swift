import GatewayKit
import HTTPWire
import NIOCore

/// An answer as it is kept: ready to be given, with what decides to whom and for how long.
final class CachedResponse: Sendable {
  let key: [UInt8]
  let hash: UInt64
  let vary: FieldSelection
  /// What the request said under the names of ``vary``.
  let varyValues: [UInt8]
  let reply: Reply
  /// What is said to who has it already; nil when conditions are not judged here.
  let notModified: Reply?
  let validators: Validators
  /// Monotonic nanoseconds at which the response was no time old.
  let born: Int64
  /// Monotonic nanoseconds from which it is stale.
  let expires: Int64
  /// Whether it may be given to who takes a stale one.
  let allowsStale: Bool
  /// For how long it may be given when it is stale.
  let grace: StaleGrace
  /// Whether the origin is asked about it when it is stale.
  let isRevalidated: Bool
  /// Whether there was a time at which it could be used without the origin's word.
  let wasFresh: Bool
  /// What it is about, and when its request began.
  let version: AnswerVersions.Mark
  /// Bytes that it takes up.
  let cost: Int

  /// Objects, headers of storages and places in tables that an entry takes beside its bytes.
  static let overhead = 768

  /// The name of the domain whose answer it is: the first part of the key.
  var domain: ArraySlice<UInt8> {
    let length = key.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return key.dropFirst(4).prefix(length)
  }

  /// Whether it is kept when it is stale.
  var isOfUseStale: Bool { allowsStale || isRevalidated || grace.longest > 0 }

  init(_ job: StoreJob, terms: StoreRules.Terms, now: Int64) {
    key = job.key
    hash = job.hash
    vary = terms.vary
    varyValues = job.varyValues
    reply = Reply(status: terms.status, fields: job.fields, body: job.body, hasDate: true)
    notModified = job.notModifiedFields.map { Reply(status: 304, fields: $0, body: ByteBuffer(), hasDate: true) }
    validators = terms.validators
    born = now &- terms.age
    expires = now &+ terms.lifetime
    allowsStale = terms.allowsStale
    grace = terms.grace
    isRevalidated = terms.isRevalidated
    wasFresh = terms.lifetime > 0
    version = job.version
    let conditional = validators.tag.capacity + (job.notModifiedFields.map { $0.capacity + 256 } ?? 0)
    cost =
      Self.overhead + job.key.capacity + varyValues.capacity + job.fields.capacity + job.body.capacity
      + terms.vary.count * 64 + job.version.tags.capacity * 8 + conditional
  }
}
