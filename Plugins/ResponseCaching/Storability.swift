import HTTPWire

/// Whether a shared cache may keep a response (RFC 9111 section 3).
enum Storability {
  /// The statuses that this cache understands. What is partial (206), about another response (304), about who asks (401,
  /// 403, 407, 429) or about a moment's trouble (5xx) is not among them.
  static func understands(_ status: UInt16) -> Bool { isGuessable(status) || [302, 303, 307].contains(status) }

  /// The statuses whose freshness may be guessed (RFC 9110 section 15.1).
  private static func isGuessable(_ status: UInt16) -> Bool {
    [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].contains(status)
  }

  /// What decides beside the response itself.
  struct Circumstances: Equatable {
    /// Whether the request had credentials, or somebody was identified by another way.
    var isAuthorized = false
    /// Whether the organisation has said who may share the answer.
    var isSharingDeclared = false
    /// Whether Set-Cookie is not kept with the answer, by setting.
    var dropsSetCookie = false
    /// The longest guess, in nanoseconds.
    var heuristic: Int64 = 0
  }

  /// Nanoseconds for which the response is fresh from its beginning; nil when it must not be kept.
  static func lifetime(_ facts: ResponseFacts, _ circumstances: Circumstances, nowSeconds: Int64) -> Int64? {
    guard understands(facts.status), !facts.hasContentRange, mayBeStored(facts, circumstances) else { return nil }
    // Every use needs the origin's word (section 5.2.2.4).
    if facts.directives.noCache { return 0 }
    if let stated = Freshness.lifetime(facts, nowSeconds: nowSeconds) { return stated }
    // public makes the freshness of every status guessable (section 4.2.2).
    guard isGuessable(facts.status) || facts.directives.isPublic else { return nil }
    return Freshness.heuristic(facts, nowSeconds: nowSeconds, most: circumstances.heuristic)
  }

  private static func mayBeStored(_ facts: ResponseFacts, _ circumstances: Circumstances) -> Bool {
    let directives = facts.directives
    // must-understand takes the place of no-store for those who understand the status (section 5.2.2.3).
    guard !directives.noStore || directives.mustUnderstand, !directives.isPrivate else { return false }
    // Section 3.5.
    if circumstances.isAuthorized, !circumstances.isSharingDeclared, !directives.allowsSharing { return false }
    return !facts.hasSetCookie || circumstances.dropsSetCookie || directives.noCacheFields.contains(anyOf: [.setCookie])
      || directives.privateFields.contains(anyOf: [.setCookie])
  }
}
