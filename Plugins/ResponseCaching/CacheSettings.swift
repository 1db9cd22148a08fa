public import GatewayKit

/// The settings of `cache`, as README.md describes them.
public struct CacheSettings: PluginSettings {
  /// Who shares an answer.
  package enum Share: String, CaseIterable, Sendable {
    case token, scopes, domain, `public`
  }

  /// Whose word on freshness counts in place of a `ttl`.
  package enum Respect: String, CaseIterable, Sendable {
    case origin
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

  /// What goes with `respect: origin` only.
  package struct Origin: Sendable, Hashable {
    /// The longest freshness that is guessed, in nanoseconds; 0 for no guesses.
    package var heuristic: Int64 = 0
    /// The longest freshness, in nanoseconds.
    package var longest: Int64 = 0
    /// Fields such as CDN-Cache-Control that take the place of Cache-Control, the first one that is there.
    package var targeted: [String] = []
    /// Fields of responses that are not kept.
    package var drop: [String] = []
  }

  /// How requests that want the same answer at the same time wait for one of them.
  package struct Coalescing: Sendable, Hashable {
    /// How long one waits, in nanoseconds.
    package var wait: Int64 = 1_000_000_000
    /// How many may wait for one answer.
    package var most = 4096
  }

  /// Nanoseconds for which an answer is fresh; 0 when the origin says it.
  package let ttl: Int64
  /// Nil when ``ttl`` says how long.
  package let origin: Origin?
  package let share: Share
  /// Whether somebody has written down who shares, so that it is no mere default.
  package let isShareDeclared: Bool
  package let override: [Directive]
  /// Nil when each request asks by itself.
  package let coalescing: Coalescing?
  /// Whether the origin is asked about an answer that is stale, rather than for another one.
  package let revalidates: Bool
  /// For how long a stale answer is given.
  package let grace: StaleGrace
  /// Which directives of requests count.
  package let honoured: HonouredDirectives
  /// Bytes of the largest body that is kept.
  package let maxObject: Int
  /// Answers under one key that differ by what `Vary` names.
  package let variants: Int
  /// The query parameters that are part of the key; nil when the whole query is.
  package let query: [String]?
  /// The request's fields that are part of the key, in lower case.
  package let headers: [String]

  /// Tags of all answers.
  package let tags: [String]
  /// Tags that writes make worthless.
  package let purges: [String]
  /// Where the origin names tags.
  package let tagFields: [TagField]
  /// Whether clients see those fields.
  package let keepsTagFields: Bool
  /// An answer with more tags is not kept.
  package let mostTags: Int

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    (ttl, origin) = Self.readFreshness(settings)
    share = settings.choice("share", default: .token)
    isShareDeclared = settings.has("share")
    revalidates = settings.bool("revalidate", default: true)
    coalescing = Self.readCoalescing(settings)
    grace = Self.readGrace(settings)
    override = settings.choices("override", default: [])
    honoured = Self.readHonoured(settings, takesStale: origin != nil)
    maxObject = settings.size("max_object", default: 1 << 20, in: 1024...(64 << 20))
    variants = settings.int("variants", default: 8, in: 1...64)
    query = Self.readQuery(settings)
    headers = Self.readNames(settings, "headers", default: ["accept", "accept-version"], most: 16)
    tags = Self.readTags(settings, "tags")
    purges = Self.readTags(settings, "purges")
    tagFields = settings.choices("tag_fields", default: [])
    keepsTagFields = settings.bool("keep_tag_fields", default: false)
    mostTags = settings.int("most_tags", default: 32, in: 1...128)
    if keepsTagFields, tagFields.isEmpty {
      settings.fail("keep_tag_fields", "has no meaning without `tag_fields`", hint: "name the fields, or leave it out")
    }
  }
}
