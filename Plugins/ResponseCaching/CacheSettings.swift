public import GatewayKit

/// The settings of `cache`, as README.md describes them.
public struct CacheSettings: PluginSettings {
  /// Who shares an answer.
  package enum Share: String, CaseIterable, Sendable {
    case token, scopes, domain, `public`
  }

  /// What an origin says against storing that the organisation may overrule.
  package enum Directive: String, CaseIterable, Sendable {
    case noStore = "no-store"
    case noCache = "no-cache"
    case `private` = "private"
    case mustRevalidate = "must-revalidate"
    case maxAge = "max-age"
    case expires = "expires"
  }

  /// Nanoseconds for which an answer is fresh.
  package let ttl: Int64
  package let share: Share
  package let override: [Directive]
  /// Bytes of memory, bookkeeping included.
  package let memory: Int
  /// Bytes of the largest body that is kept.
  package let maxObject: Int
  /// The query parameters that are part of the key; nil when the whole query is.
  package let query: [String]?
  /// The request's fields that are part of the key, in lower case.
  package let headers: [String]

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    let ttl = settings.duration("ttl", default: .seconds(1), in: .milliseconds(1)...(.seconds(30 * 86_400)))
    if !settings.has("ttl") {
      settings.fail(nil, "`ttl` is missing", hint: "say how long an answer is fresh, such as ttl: 10s")
    }
    self.ttl = ttl.components.seconds * 1_000_000_000 + ttl.components.attoseconds / 1_000_000_000
    share = settings.choice("share", default: .token)
    override = settings.choices("override", default: [])
    memory = settings.size("memory", default: 64 << 20, in: (1 << 20)...(1 << 40))
    maxObject = settings.size("max_object", default: 1 << 20, in: 1024...(64 << 20))
    if maxObject > memory / 4 {
      settings.fail(
        "max_object", "is more than a quarter of `memory`", hint: "write a smaller size or give more memory")
    }
    let query = settings.strings("query", default: ["all"])
    self.query = query == ["all"] ? nil : query
    headers = settings.strings("headers", default: ["accept", "accept-version"]).map { $0.lowercased() }
    if headers.count > 16 || headers.contains(where: { !Self.isToken($0) }) {
      settings.fail("headers", "is no list of field names", hint: "name at most 16 fields, such as accept-version")
    }
    if query.count > 64 || query.contains(where: { !Self.isToken($0) }) {
      settings.fail("query", "is no list of parameters", hint: "write all, or name at most 64 parameters")
    }
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 128 && text.utf8.allSatisfy { OctetClass.isPlain($0) }
  }
}

/// Classes of octets.
enum OctetClass {
  /// Unreserved (RFC 3986 section 2.3): means itself wherever it stands.
  static func isPlain(_ octet: UInt8) -> Bool {
    switch octet {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }

  static func lowercased(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }

  static func equalIgnoringCase(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { lowercased($0) == lowercased($1) }
  }
}
