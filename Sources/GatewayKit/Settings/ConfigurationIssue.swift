/// One mistake in a configuration: where, what, and what would be right.
public struct ConfigurationIssue: Error, Sendable, Hashable, CustomStringConvertible {
  /// Where it is; nil when no file could be read at all.
  public var position: SourcePosition?
  /// The way to the value, such as `domains[0].routes[2].use[0].cache.ttl`; empty for the file as a whole.
  public var path: String
  /// What is wrong.
  public var message: String
  /// What would be right.
  public var hint: String?

  /// An issue.
  public init(position: SourcePosition?, path: String, message: String, hint: String? = nil) {
    self.position = position
    self.path = path
    self.message = message
    self.hint = hint
  }

  /// `gatehouse.yaml:12:7: error: defaults.use[0].cache.ttl: …; …`, on one line and not too long a one, whatever the
  /// file holds.
  public var description: String {
    let place = position.map { "\($0): error: " } ?? "error: "
    let parts = [path.isEmpty ? "" : "\(path): ", message, hint.map { "; \($0)" } ?? ""]
    return Display.text(place, limit: 5000) + parts.map { Display.text($0, limit: 1000) }.joined()
  }
}

/// A configuration that cannot be used, with everything that is wrong with it.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// All mistakes, sorted by file and line.
  public var issues: [ConfigurationIssue]

  /// An error of these issues.
  public init(issues: [ConfigurationIssue]) {
    self.issues = issues
  }

  /// One issue a line.
  public var description: String {
    issues.map(\.description).joined(separator: "\n")
  }
}

/// Gathers the issues of a load, so that all of them are told at once.
public final class IssueCollector {
  /// What was gathered, in the order of its discovery.
  public private(set) var issues: [ConfigurationIssue] = []

  /// An empty collector.
  public init() {}

  /// Nothing is wrong so far.
  public var isEmpty: Bool { issues.isEmpty }

  /// Adds one issue.
  public func append(_ issue: ConfigurationIssue) {
    issues.append(issue)
  }

  /// The issues by file, line and column; those of one place keep their order. Equal ones are told once.
  package var sorted: [ConfigurationIssue] {
    var seen: Set<ConfigurationIssue> = []
    let unique = issues.filter { seen.insert($0).inserted }
    return unique.enumerated().sorted { left, right in
      switch (left.element.position, right.element.position) {
      case (nil, nil): left.offset < right.offset
      case (nil, _): true
      case (_, nil): false
      case (let first?, let second?): first == second ? left.offset < right.offset : first < second
      }
    }.map(\.element)
  }
}
