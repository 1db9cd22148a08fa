import HTTPWire

/// Purges as JSON, in the admin interface and between gateways: an object whose members are texts.
extension CachePurge {
  /// Why something is no purge, and what would be right.
  package struct Problem: Error, Sendable, Equatable {
    package let message: String
  }

  /// The longest address, path or name.
  package static let longestText = 4096
  private static let targets = ["key", "prefix", "tag", "all"]

  /// - Parameter mergesSlashes: whether several slashes in a row are one in paths, as they are in those of requests.
  package init(_ json: some Collection<UInt8>, mergesSlashes: Bool) throws(Problem) {
    let members: [String: String]
    do {
      members = try TextObject.read(json)
    } catch {
      throw Problem(message: error.message)
    }
    try self.init(members, mergesSlashes: mergesSlashes)
  }

  private init(_ members: [String: String], mergesSlashes: Bool) throws(Problem) {
    let known = Self.targets + ["domain"]
    for name in members.keys.sorted() where !known.contains(name) {
      throw Problem(
        message: "unknown member \(Display.text(name, limit: 60)); known are \(known.joined(separator: ", "))")
    }
    for (name, text) in members.sorted(by: { $0.key < $1.key }) where text.isEmpty || text.utf8.count > Self.longestText
    {
      throw Problem(message: "`\(name)` " + (text.isEmpty ? "is empty" : "is longer than \(Self.longestText) bytes"))
    }
    let domain = members["domain"]?.lowercased()
    let named = Self.targets.filter { members[$0] != nil }
    if named.count > 1 {
      throw Problem(message: "\(named.map { "`\($0)`" }.joined(separator: " and ")) are both there; name one of them")
    }
    guard let kind = named.first, let text = members[kind] else {
      guard domain != nil else {
        throw Problem(message: "nothing is named: give `key`, `prefix`, `tag` or `domain`, or \"all\": \"true\"")
      }
      self.init(.all, domain: domain)
      return
    }
    self.init(try Self.target(kind, text, mergesSlashes: mergesSlashes), domain: domain)
  }

  private static func target(_ kind: String, _ text: String, mergesSlashes: Bool) throws(Problem) -> Target {
    switch kind {
    case "key": return try key(text, mergesSlashes: mergesSlashes)
    case "prefix":
      guard !text.contains("?"), !text.contains("#") else {
        throw Problem(message: "`prefix` is a path without a query, such as /me/tokens")
      }
      return .prefix(try path(text, "prefix", mergesSlashes: mergesSlashes))
    case "tag":
      guard CacheTagName.isOne(text) else {
        throw Problem(
          message: "`tag` is one name of 1 to \(CacheTagName.longest) visible characters without blanks and commas")
      }
      return .tag(text)
    default:
      guard text == "true" else { throw Problem(message: "`all` is \"true\", or left out") }
      return .all
    }
  }

  /// `https://host/path?query`, or without scheme and host for all hosts.
  private static func key(_ text: String, mergesSlashes: Bool) throws(Problem) -> Target {
    var rest = text.prefix { $0 != "#" }
    var authority: String?
    if let scheme = ["https://", "http://"].first(where: { rest.lowercased().hasPrefix($0) }) {
      rest = rest.dropFirst(scheme.count)
      let host = rest.prefix { $0 != "/" && $0 != "?" }
      guard !host.isEmpty, !host.contains("@") else { throw keyProblem }
      authority = host.lowercased()
      rest = rest.dropFirst(host.count)
      if !rest.hasPrefix("/") { rest = "/" + rest }
    }
    guard rest.hasPrefix("/") else { throw keyProblem }
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = try path(String(parts[0]), "key", mergesSlashes: mergesSlashes)
    return .key(authority: authority, path: path, query: parts.count > 1 ? String(parts[1]) : nil)
  }

  private static let keyProblem = Problem(
    message:
      "`key` is an address as clients ask for it, such as https://example.com/me/tokens?page=0, or /me/tokens for "
      + "all hosts")

  /// In the form in which requests have it.
  private static func path(_ text: String, _ name: String, mergesSlashes: Bool) throws(Problem) -> String {
    var text = text
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), text.hasPrefix("/") else {
      throw Problem(
        message: "`\(name)` needs a path that begins with a slash, other characters than ASCII written as %C3%A9")
    }
    var normal: [UInt8] = []
    let isOther = text.withUTF8 { bytes in
      try? PathNormalizer.normalize(UnsafeRawBufferPointer(bytes), mergeSlashes: mergesSlashes, into: &normal)
    }
    guard let isOther else { throw Problem(message: "`\(name)` has a path that no request can have") }
    return isOther ? String(decoding: normal, as: UTF8.self) : text
  }
}

extension CachePurge {
  /// What ``init(_:mergesSlashes:)`` reads.
  package var members: [(String, String)] {
    var members: [(String, String)] =
      switch target {
      case .all: domain == nil ? [("all", "true")] : []
      case .key(let authority, let path, let query):
        [("key", (authority.map { "http://\($0)" } ?? "") + path + (query.map { "?\($0)" } ?? ""))]
      case .prefix(let path): [("prefix", path)]
      case .tag(let name): [("tag", name)]
      }
    if let domain { members.append(("domain", domain)) }
    return members
  }
}
