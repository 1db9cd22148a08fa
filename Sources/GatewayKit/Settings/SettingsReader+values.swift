extension SettingsReader {
  /// A text, or the default when the key is absent.
  public func string(_ key: String, default fallback: String) -> String {
    optionalString(key) ?? fallback
  }

  /// A text; nil when the key is absent.
  public func optionalString(_ key: String) -> String? {
    scalar(key, expected: "a text")?.text
  }

  /// A text that must be there and not be empty; `""` after reporting that it is not.
  public func requiredString(_ key: String) -> String {
    guard let node = present(key) else {
      fail(key, has(key) ? "is empty" : "is missing", hint: "`\(key)` needs a value")
      return ""
    }
    guard case .scalar(let text, _) = node.value else {
      fail(key, "expected a text, found \(node.kind)", hint: "write a single value")
      return ""
    }
    if text.isEmpty { fail(key, "is empty", hint: "`\(key)` needs a value") }
    return text
  }

  /// `true` or `false` (`on`, `off`, `yes`, `no` mean the same).
  public func bool(_ key: String, default fallback: Bool) -> Bool {
    optionalBool(key) ?? fallback
  }

  /// `true` or `false`; nil when the key is absent.
  package func optionalBool(_ key: String) -> Bool? {
    guard let (text, node) = scalar(key, expected: "true or false") else { return nil }
    switch text {
    case "true", "on", "yes": return true
    case "false", "off", "no": return false
    default:
      fail(key, "\(Self.quote(text, of: node)) is neither true nor false", hint: "write true or false")
      return nil
    }
  }

  /// A whole number within a range.
  public func int(_ key: String, default fallback: Int, in range: ClosedRange<Int> = Int.min...Int.max) -> Int {
    optionalInt(key, in: range) ?? fallback
  }

  /// A whole number within a range; nil when the key is absent.
  public func optionalInt(_ key: String, in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    guard let (text, node) = scalar(key, expected: "a whole number") else { return nil }
    guard let number = ValueParser.integer(text) else {
      fail(key, "\(Self.quote(text, of: node)) is no whole number", hint: "write \(Self.describe(range))")
      return nil
    }
    guard range.contains(number) else {
      fail(key, "\(Self.quote(text, of: node)) is out of range", hint: "write \(Self.describe(range))")
      return nil
    }
    return number
  }

  /// A duration such as `250ms`, `10s`, `5m`, `1h`, `7d` within a range.
  public func duration(
    _ key: String, default fallback: Duration, in range: ClosedRange<Duration> = .zero...SettingsReader.longestDuration
  ) -> Duration {
    optionalDuration(key, in: range) ?? fallback
  }

  /// A duration within a range; nil when the key is absent.
  public func optionalDuration(
    _ key: String, in range: ClosedRange<Duration> = .zero...SettingsReader.longestDuration
  ) -> Duration? {
    measure(key, in: range, parse: ValueParser.duration, noun: "a duration", form: ValueParser.durationForm) {
      ValueParser.describe($0)
    }
  }

  /// A size in bytes such as `512B`, `16KB`, `1MB`, `1GB` (1KB is 1024 bytes) within a range.
  public func size(_ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max) -> Int {
    optionalSize(key, in: range) ?? fallback
  }

  /// A size in bytes within a range; nil when the key is absent.
  public func optionalSize(_ key: String, in range: ClosedRange<Int> = 0...Int.max) -> Int? {
    measure(key, in: range, parse: ValueParser.size, noun: "a size", form: ValueParser.sizeForm) {
      ValueParser.describe(bytes: $0)
    }
  }

  /// A rate such as `600/m` or `30/15s`; nil when the key is absent or wrong.
  public func rate(_ key: String) -> Rate? {
    guard let (text, node) = scalar(key, expected: "a rate") else { return nil }
    guard let rate = ValueParser.rate(text) else {
      fail(key, "\(Self.quote(text, of: node)) is no rate", hint: "write \(ValueParser.rateForm)")
      return nil
    }
    return rate
  }

  /// One of the cases of `T`, by raw value.
  public func choice<T: RawRepresentable & CaseIterable>(_ key: String, default fallback: T) -> T
  where T.RawValue == String {
    guard let (text, node) = scalar(key, expected: "one word") else { return fallback }
    if let choice = T(rawValue: text) { return choice }
    report(key, unknown: text, node: node, path: path(of: key), choices: T.allCases.map(\.rawValue))
    return fallback
  }

  /// A list of texts, or a single one.
  public func strings(_ key: String, default fallback: [String]) -> [String] {
    stringNodes(key)?.map(\.text) ?? fallback
  }

  /// A list of cases of `T` by raw value, or a single one; none of them twice.
  public func choices<T: RawRepresentable & CaseIterable & Equatable>(_ key: String, default fallback: [T]) -> [T]
  where T.RawValue == String {
    guard let items = stringNodes(key) else { return fallback }
    var found: [T] = []
    for item in items {
      guard let choice = T(rawValue: item.text) else {
        report(key, unknown: item.text, node: item.node, path: item.path, choices: T.allCases.map(\.rawValue))
        continue
      }
      if found.contains(choice) {
        issues.append(
          ConfigurationIssue(
            position: item.node.position, path: item.path, message: "`\(item.text)` stands here twice",
            hint: "name it once"))
        continue
      }
      found.append(choice)
    }
    return found
  }

  /// The texts of a list, or of a single value, with their places; nil when the key is absent.
  package func stringNodes(_ key: String) -> [(text: String, node: ConfigNode, path: String)]? {
    guard let node = present(key) else { return nil }
    switch node.value {
    case .scalar(let text, _): return [(text, node, path(of: key))]
    case .sequence(let items):
      return items.enumerated().compactMap { index, item in
        let place = "\(path(of: key))[\(index)]"
        if case .scalar(let text, _) = item.value { return (text, item, place) }
        issues.append(
          ConfigurationIssue(
            position: item.position, path: place, message: "expected a text, found \(item.kind)",
            hint: "write a single value"))
        return nil
      }
    case .mapping, .null:
      fail(key, "expected a text or a list of texts, found \(node.kind)", hint: "write [a, b], or a single value")
      return nil
    }
  }

  private func report(_ key: String, unknown text: String, node: ConfigNode, path: String, choices: [String]) {
    var hint = "choose one of \(choices.joined(separator: ", "))"
    if let nearest = Suggestion.nearest(to: text, among: choices) { hint = "did you mean `\(nearest)`? \(hint)" }
    issues.append(
      ConfigurationIssue(
        position: node.position, path: path, message: "\(Self.quote(text, of: node)) is not known here", hint: hint))
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (Int.min, Int.max): "digits only, such as 42"
    case (let lowest, Int.max): "a whole number of at least \(lowest)"
    case (Int.min, let highest): "a whole number of at most \(highest)"
    case (let lowest, let highest): "a whole number from \(lowest) to \(highest)"
    }
  }
}
