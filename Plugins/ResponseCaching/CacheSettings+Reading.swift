import GatewayKit

extension CacheSettings {
  private static let longest: Duration = .seconds(30 * 86_400)

  /// Either `ttl` or `respect: origin`, and what goes with it.
  static func readFreshness(_ settings: SettingsReader) -> (ttl: Int64, origin: Origin?) {
    guard settings.has("respect") else { return (readTTL(settings), nil) }
    let _: Respect = settings.choice("respect", default: .origin)
    for key in ["ttl", "override"] where settings.has(key) {
      settings.fail(key, "does not go with `respect: origin`", hint: "leave out one of them")
    }
    var origin = Origin()
    origin.heuristic = nanoseconds(settings.duration("heuristic", default: .zero, in: .zero...longest))
    origin.longest = nanoseconds(settings.duration("longest", default: longest, in: .milliseconds(1)...longest))
    origin.targeted = readNames(settings, "targeted", default: [], most: 4)
    origin.drop = readNames(settings, "drop", default: [], most: 16)
    return (0, origin)
  }

  private static func readTTL(_ settings: SettingsReader) -> Int64 {
    let ttl = settings.duration("ttl", default: .seconds(1), in: .milliseconds(1)...longest)
    if !settings.has("ttl") {
      settings.fail(
        nil, "`ttl` is missing", hint: "say how long an answer is fresh, such as ttl: 10s, or write respect: origin")
    }
    return nanoseconds(ttl)
  }

  static func readGrace(_ settings: SettingsReader) -> StaleGrace {
    let onError = settings.duration("stale_if_error", default: .zero, in: .zero...longest)
    let whileAsking = settings.duration("stale_while_revalidate", default: .zero, in: .zero...longest)
    return StaleGrace(onError: nanoseconds(onError), whileAsking: nanoseconds(whileAsking))
  }

  /// `off`, `on`, or how long and how many.
  static func readCoalescing(_ settings: SettingsReader) -> Coalescing? {
    if case .scalar = settings.node("coalesce")?.value {
      return settings.bool("coalesce", default: true) ? Coalescing() : nil
    }
    var coalescing = Coalescing()
    guard let details = settings.mapping("coalesce") else { return coalescing }
    coalescing.wait = nanoseconds(
      details.duration("wait", default: .seconds(1), in: .milliseconds(50)...(.seconds(60))))
    coalescing.most = details.int("most", default: coalescing.most, in: 1...1_000_000)
    details.finish()
    return coalescing
  }

  static func readQuery(_ settings: SettingsReader) -> [String]? {
    let query = settings.strings("query", default: ["all"])
    if query.count > 64 || query.contains(where: { !isPlain($0) }) {
      settings.fail("query", "is no list of parameters", hint: "write all, or name at most 64 parameters")
    }
    return query == ["all"] ? nil : query
  }

  /// Names of fields, in lower case.
  static func readNames(
    _ settings: SettingsReader, _ key: String, default fallback: [String], most: Int
  ) -> [String] {
    let names = settings.strings(key, default: fallback).map { $0.lowercased() }
    if names.count > most || names.contains(where: { !isPlain($0) }) {
      settings.fail(key, "is no list of field names", hint: "name at most \(most) fields, such as accept-version")
    }
    return names
  }

  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 128 && text.utf8.allSatisfy { OctetClass.isPlain($0) }
  }

  private static func nanoseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
  }
}

// MARK: - Directives of requests

extension CacheSettings {
  /// What `honour` may name.
  private enum Honoured: String, CaseIterable {
    case noStore = "no-store"
    case noCache = "no-cache"
    case onlyIfCached = "only-if-cached"
    case maxAge = "max-age"
    case minFresh = "min-fresh"
    case maxStale = "max-stale"
    case staleIfError = "stale-if-error"

    var directive: HonouredDirectives {
      switch self {
      case .noStore: .noStore
      case .noCache: .noCache
      case .onlyIfCached: .onlyIfCached
      case .maxAge: .maxAge
      case .minFresh: .minFresh
      case .maxStale: .maxStale
      case .staleIfError: .staleIfError
      }
    }
  }

  /// Everything that the mode knows, unless somebody has written less. Where a `ttl` rules nothing stale is given.
  static func readHonoured(_ settings: SettingsReader, takesStale: Bool) -> HonouredDirectives {
    let known = Honoured.allCases.filter { takesStale || $0 != .maxStale }
    let named = settings.choices("honour", default: known)
    if !takesStale, named.contains(.maxStale) {
      settings.fail("honour", "max-stale does not go with `ttl`", hint: "leave it out, or write respect: origin")
    }
    return named.reduce(into: []) { $0.insert($1.directive) }
  }
}
