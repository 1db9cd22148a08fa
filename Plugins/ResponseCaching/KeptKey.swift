import GatewayKit
import NIOCore

/// Reads what ``CacheKeyBuilder`` wrote, for purges and reports.
struct KeptKey {
  typealias Text = UnsafeRawBufferPointer

  private var rest: Text

  /// Bytes of a digest.
  private static let digest = 32

  private init(_ key: Text) { rest = key }

  /// Nil for what is no such key.
  static func read(_ key: Text, mark: AnswerVersions.Mark) -> KeptAnswer? {
    var reader = KeptKey(key)
    guard let domain = reader.part(), reader.take(digest) != nil, let kind = reader.byte() else { return nil }
    if kind >= CacheKeyBuilder.firstDigestClass, reader.take(digest) == nil { return nil }
    guard let flags = reader.byte(), let authority = reader.part(), let path = reader.part() else { return nil }
    guard let query = reader.query(flags) else { return nil }
    return KeptAnswer(domain: domain, authority: authority, path: path, query: query, mark: mark)
  }

  private mutating func query(_ flags: UInt8) -> KeptAnswer.Query? {
    guard flags & CacheKeyBuilder.hasQuery != 0 else { return KeptAnswer.Query.none }
    if flags & CacheKeyBuilder.hasParameters == 0 { return part().map { .whole($0) } }
    guard let count = length() else { return nil }
    var parameters: [Text] = []
    for _ in 0..<count {
      guard let part = part() else { return nil }
      parameters.append(part)
    }
    return .parameters(parameters)
  }

  private mutating func part() -> Text? { length().flatMap { take($0) } }

  private mutating func length() -> Int? { take(4).map { Int($0.loadUnaligned(as: UInt32.self)) } }

  private mutating func byte() -> UInt8? { take(1)?.first }

  private mutating func take(_ count: Int) -> Text? {
    guard rest.count >= count else { return nil }
    defer { rest = Text(rebasing: rest.dropFirst(count)) }
    return Text(rebasing: rest.prefix(count))
  }
}

extension CachedResponse {
  /// Lends what it is kept for. A key that cannot be read would be a mistake of ours; it counts as of no domain.
  func withKept<R>(_ body: (KeptAnswer) -> R) -> R {
    key.withUnsafeBytes { key in
      let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
      return body(
        KeptKey.read(key, mark: version)
          ?? KeptAnswer(domain: nothing, authority: nothing, path: nothing, query: .none, mark: version))
    }
  }
}
