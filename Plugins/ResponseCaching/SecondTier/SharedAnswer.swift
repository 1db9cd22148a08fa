import GatewayKit
import HTTPWire
import NIOCore

/// What is kept under a name in a store that gateways share, before it is sealed: an answer, or word of what the answers to
/// a key vary by. Times are wall-clock nanoseconds there.
struct SharedAnswer {
  /// Nanoseconds of both clocks at one time.
  struct Moment {
    let monotonic: Int64
    let wall: Int64

    init(_ loop: LoopContext) { (monotonic, wall) = (loop.now, loop.wall) }

    init(monotonic: Int64, wall: Int64) { (self.monotonic, self.wall) = (monotonic, wall) }
  }

  enum Content {
    case answer(CachedResponse.Parts)
    /// Ask for those that have the request's values of these fields.
    case varies(FieldSelection)
  }

  /// The whole key; names are digests.
  let key: ByteBuffer
  /// The hashes of its tags.
  let tags: [UInt64]
  let content: Content

  /// Another form has another number: gateways of two versions take nothing from each other.
  private static let version: UInt8 = 1
  private static let mostNames = 32
  /// An answer with more tags is not written.
  static let mostTags = 128
  private static let longestTime: Int64 = 1 << 62
}

// MARK: - Writing

extension SharedAnswer {
  static func write(_ response: CachedResponse, at moment: Moment, into out: inout ByteBuffer) {
    guard case .bytes(let body) = response.reply.content else { return }
    begin(.answer, response, into: &out)
    out.writeInteger(response.reply.status)
    out.writeInteger(Flags(response).rawValue)
    for time in [response.born, response.expires] { out.writeInteger(moment.wall &+ (time &- moment.monotonic)) }
    for time in [response.grace.onError, response.grace.whileAsking] { out.writeInteger(time) }
    write(response.validators.tag, into: &out)
    for seconds in [response.validators.lastModified ?? 0, response.validators.date] { out.writeInteger(seconds) }
    write(response.vary, into: &out)
    write(response.varyValues, into: &out)
    write(response.reply.fields.readableBytesView, into: &out)
    write(response.notModified?.fields.readableBytesView ?? ByteBufferView(), into: &out)
    write(body.readableBytesView, into: &out)
  }

  /// What the answers to the key vary by.
  static func writeNames(of response: CachedResponse, into out: inout ByteBuffer) {
    begin(.varies, response, into: &out)
    write(response.vary, into: &out)
  }

  private static func begin(_ kind: Kind, _ response: CachedResponse, into out: inout ByteBuffer) {
    out.writeInteger(version)
    out.writeInteger(kind.rawValue)
    write(response.key, into: &out)
    out.writeInteger(UInt8(clamping: response.version.tags.count))
    for tag in response.version.tags { out.writeInteger(tag) }
  }

  private static func write(_ selection: FieldSelection, into out: inout ByteBuffer) {
    let names = selection.texts
    out.writeInteger(UInt8(clamping: names.count))
    for name in names { write(Array(name.utf8), into: &out) }
  }

  private static func write(_ bytes: some Collection<UInt8>, into out: inout ByteBuffer) {
    out.writeInteger(UInt32(clamping: bytes.count))
    out.writeBytes(bytes)
  }

  private enum Kind: UInt8 {
    case answer, varies
  }

  private struct Flags: OptionSet {
    let rawValue: UInt8

    static let allowsStale = Flags(rawValue: 1)
    static let isRevalidated = Flags(rawValue: 2)
    static let answersConditions = Flags(rawValue: 4)
    static let hasLastModified = Flags(rawValue: 8)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ response: CachedResponse) {
      var flags: Flags = []
      if response.allowsStale { flags.insert(.allowsStale) }
      if response.isRevalidated { flags.insert(.isRevalidated) }
      if response.notModified != nil { flags.insert(.answersConditions) }
      if response.validators.lastModified != nil { flags.insert(.hasLastModified) }
      self = flags
    }
  }
}

// MARK: - Reading

extension SharedAnswer {
  /// Nil for what ``write(_:at:into:)`` and ``writeNames(of:into:)`` do not write, to the last byte, and for an answer that
  /// is no longer fresh.
  init?(_ bytes: ByteBuffer, at moment: Moment) {
    var rest = bytes
    guard rest.readInteger(as: UInt8.self) == Self.version, let kind = rest.readInteger().flatMap(Kind.init),
      let key = Self.part(&rest), let tags = Self.tags(&rest)
    else { return nil }
    self.key = key
    self.tags = tags
    switch kind {
    case .answer:
      guard let parts = Self.parts(&rest, moment) else { return nil }
      content = .answer(parts)
    case .varies:
      guard let names = Self.names(&rest), !names.isEmpty else { return nil }
      content = .varies(names)
    }
    guard rest.readableBytes == 0 else { return nil }
  }

  private static func parts(_ rest: inout ByteBuffer, _ moment: Moment) -> CachedResponse.Parts? {
    var parts = CachedResponse.Parts()
    guard let status = rest.readInteger(as: UInt16.self), (200...599).contains(status),
      let flags = rest.readInteger().map(Flags.init(rawValue:)), let times = Self.times(&rest, moment),
      let onError = time(&rest), let whileAsking = time(&rest),
      let tag = part(&rest), let modified = rest.readInteger(as: Int64.self),
      let date = rest.readInteger(as: Int64.self), let vary = names(&rest), let values = part(&rest),
      let fields = part(&rest), let notModified = part(&rest), let body = part(&rest)
    else { return nil }
    parts.status = status
    (parts.fields, parts.body) = (fields, body)
    parts.notModifiedFields = flags.contains(.answersConditions) ? notModified : nil
    parts.validators.tag = Array(tag.readableBytesView)
    parts.validators.lastModified = flags.contains(.hasLastModified) ? modified : nil
    parts.validators.date = date
    (parts.vary, parts.varyValues) = (vary, Array(values.readableBytesView))
    (parts.allowsStale, parts.isRevalidated) = (flags.contains(.allowsStale), flags.contains(.isRevalidated))
    parts.grace = StaleGrace(onError: onError, whileAsking: whileAsking)
    (parts.born, parts.expires, parts.stored) = (times.born, times.expires, moment.monotonic)
    return parts
  }

  /// Clocks of two gateways differ: an answer from the future is no time old, and none is fresh for longer than it was in
  /// the beginning.
  private static func times(_ rest: inout ByteBuffer, _ moment: Moment) -> (born: Int64, expires: Int64)? {
    guard let born = time(&rest), let expires = time(&rest), moment.wall < expires, born < expires else { return nil }
    let now = max(moment.wall, born)
    return (moment.monotonic &- (now &- born), moment.monotonic &+ (expires &- now))
  }

  /// One that can be reckoned with.
  private static func time(_ rest: inout ByteBuffer) -> Int64? {
    rest.readInteger(as: Int64.self).flatMap { (0..<longestTime).contains($0) ? $0 : nil }
  }

  private static func tags(_ rest: inout ByteBuffer) -> [UInt64]? {
    guard let count = rest.readInteger(as: UInt8.self), count <= mostTags else { return nil }
    var tags: [UInt64] = []
    for _ in 0..<count {
      guard let tag = rest.readInteger(as: UInt64.self) else { return nil }
      tags.append(tag)
    }
    return tags
  }

  private static func names(_ rest: inout ByteBuffer) -> FieldSelection? {
    guard let count = rest.readInteger(as: UInt8.self), count <= mostNames else { return nil }
    var names = FieldSelection()
    for _ in 0..<count {
      guard let name = part(&rest), name.readableBytes > 0 else { return nil }
      name.withUnsafeReadableBytes { names.add($0) }
    }
    return names
  }

  private static func part(_ rest: inout ByteBuffer) -> ByteBuffer? {
    guard let length = rest.readInteger(as: UInt32.self) else { return nil }
    return rest.readSlice(length: Int(length))
  }
}
