/// Reads one mapping of a configuration. A wrong value is reported and the default returned, so that a load finds every
/// mistake instead of the first. Call ``finish()`` when all keys are read: what was never asked for is unknown.
public final class SettingsReader {
  /// A hundred years: no longer time is read, so its nanoseconds fit 64 bits.
  public static let longestDuration = Duration.seconds(36_500 * 86_400)

  /// Longer mappings get an index.
  private static let longestSearch = 32

  /// Where the mapping stands.
  public let position: SourcePosition
  /// The way to it, such as `defaults.use[0].cache`.
  public let path: String

  let issues: IssueCollector
  let environment: [String: String]?
  private let contents: [ConfigNode.Entry]
  /// Where each key is in `contents`, for mappings too long to search.
  private var index: [String: Int]?
  private var known: Set<String> = []
  private var knownInOrder: [String] = []
  private var isMapping = true

  /// Reads `node`, which should be a mapping; nothing at all counts as an empty one, and anything else is reported.
  ///
  /// - Parameter environment: Where secrets of the form `{ env: NAME }` are looked up; the process's own when nil.
  public init(_ node: ConfigNode, path: String, issues: IssueCollector, environment: [String: String]? = nil) {
    self.position = node.position
    self.path = path
    self.issues = issues
    self.environment = environment
    switch node.value {
    case .mapping(let entries): contents = entries
    case .null: contents = []
    case .scalar, .sequence:
      contents = []
      isMapping = false
      issues.append(
        ConfigurationIssue(
          position: node.position, path: path, message: "expected a mapping of settings, found \(node.kind)",
          hint: "write `key: value` lines"))
    }
    guard contents.count > Self.longestSearch else { return }
    index = Dictionary(contents.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether the key is there, whatever it holds.
  public func has(_ key: String) -> Bool {
    entry(key) != nil
  }

  /// The value of a key as it stands; nil when the key is absent.
  public func node(_ key: String) -> ConfigNode? {
    entry(key)?.value
  }

  /// Every key with its value, for mappings whose keys are free. All of them count as known then.
  public func entries() -> [(key: String, node: ConfigNode)] {
    contents.map { entry in
      learn(entry.key)
      return (entry.key, entry.value)
    }
  }

  /// The mapping below a key; nil when the key is absent or empty.
  public func mapping(_ key: String) -> SettingsReader? {
    guard let node = present(key) else { return nil }
    return SettingsReader(node, path: path(of: key), issues: issues, environment: environment)
  }

  /// The mappings of a list below a key; empty when the key is absent or empty.
  public func mappings(_ key: String) -> [SettingsReader] {
    guard let node = present(key) else { return [] }
    guard case .sequence(let items) = node.value else {
      fail(key, "expected a list, found \(node.kind)", hint: "begin each item with `- `")
      return []
    }
    return items.enumerated().map { index, item in
      SettingsReader(item, path: "\(path(of: key))[\(index)]", issues: issues, environment: environment)
    }
  }

  /// Reports a mistake at the value of `key`, or at the mapping itself when the key is nil or absent.
  public func fail(_ key: String?, _ message: String, hint: String? = nil) {
    // That it is no mapping was reported; that its keys are missing follows from it.
    guard isMapping else { return }
    let place = key.flatMap { entry($0)?.value.position } ?? position
    issues.append(
      ConfigurationIssue(position: place, path: key.map(path(of:)) ?? path, message: message, hint: hint))
  }

  /// Reports the keys nobody asked for.
  public func finish() {
    guard isMapping else { return }
    for entry in contents where !known.contains(entry.key) {
      var hint = knownInOrder.isEmpty ? "no keys are known here" : "known keys: \(knownInOrder.joined(separator: ", "))"
      if let nearest = Suggestion.nearest(to: entry.key, among: knownInOrder) {
        hint = "did you mean `\(nearest)`? \(hint)"
      }
      issues.append(
        ConfigurationIssue(
          position: entry.keyPosition, path: path(of: entry.key), message: "unknown key \(Self.quote(entry.key))",
          hint: hint))
    }
  }

  /// The way to a key of this mapping.
  package func path(of key: String) -> String {
    path.isEmpty ? Self.shortened(key) : "\(path).\(Self.shortened(key))"
  }

  /// A key as part of a way: not longer than a line can show.
  package static func shortened(_ key: String) -> String {
    Display.text(key, limit: 80)
  }

  /// Where a key itself stands; the mapping's place when it is absent.
  package func keyPosition(_ key: String) -> SourcePosition {
    entry(key)?.keyPosition ?? position
  }

  /// The value of a key that holds something; nil when it is absent or empty.
  func present(_ key: String) -> ConfigNode? {
    guard let node = entry(key)?.value else { return nil }
    if case .null = node.value { return nil }
    return node
  }

  /// The text of a single value; nil when absent or, after reporting, when it is something else.
  func scalar(_ key: String, expected: String) -> (text: String, node: ConfigNode)? {
    guard let node = present(key) else { return nil }
    guard case .scalar(let text, _) = node.value else {
      fail(key, "expected \(expected), found \(node.kind)", hint: "write \(expected) behind `\(key):`")
      return nil
    }
    return (text, node)
  }

  /// The text in a form fit for a message: short, and not at all if it came from the environment.
  package static func quote(_ text: String, of node: ConfigNode? = nil) -> String {
    node?.isInterpolated == true ? "the text put in for its variables" : "`\(Display.text(text, limit: 60))`"
  }

  private func entry(_ key: String) -> ConfigNode.Entry? {
    learn(key)
    guard let index else { return contents.first { $0.key == key } }
    return index[key].map { contents[$0] }
  }

  private func learn(_ key: String) {
    if known.insert(key).inserted { knownInOrder.append(key) }
  }
}

/// The settings of a plugin, read from the mapping below its id. Equal settings share one set of filters.
public protocol PluginSettings: Sendable, Hashable {
  /// Reads every key the plugin knows and reports what is wrong. The host calls ``SettingsReader/finish()`` afterwards.
  init(reading settings: SettingsReader)
}
