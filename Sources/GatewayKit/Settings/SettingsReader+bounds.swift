extension SettingsReader {
  /// A whole number within a range, or `unlimited`, which is nil; the default when the key is absent.
  package func intBound(_ key: String, default fallback: Int?, in range: ClosedRange<Int>) -> Int? {
    if isWord("unlimited", key) { return nil }
    let noun = "a whole number"
    let form = "\(noun) from \(range.lowerBound) to \(range.upperBound)"
    return measure(key, in: range, parse: ValueParser.integer, noun: noun, form: form, or: "unlimited") { "\($0)" }
      ?? fallback
  }

  /// A size within a range, or a word, which is nil; the default when the key is absent.
  package func sizeBound(
    _ key: String, default fallback: Int?, in range: ClosedRange<Int>, or word: String = "unlimited"
  ) -> Int? {
    if isWord(word, key) { return nil }
    return measure(
      key, in: range, parse: ValueParser.size, noun: "a size", form: ValueParser.sizeForm, or: word
    ) { ValueParser.describe(bytes: $0) } ?? fallback
  }

  /// A duration within a range, or `unlimited`, which is nil; the default when the key is absent.
  package func durationBound(
    _ key: String, default fallback: Duration?, in range: ClosedRange<Duration>
  ) -> Duration? {
    if isWord("unlimited", key) { return nil }
    return measure(
      key, in: range, parse: ValueParser.duration, noun: "a duration", form: ValueParser.durationForm, or: "unlimited"
    ) { ValueParser.describe($0) } ?? fallback
  }

  /// A share such as `20%` within a range, as a whole number; the default when the key is absent.
  package func percent(_ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...100) -> Int {
    measure(key, in: range, parse: ValueParser.percent, noun: "a share", form: ValueParser.percentForm) { "\($0)%" }
      ?? fallback
  }

  /// Whether the key says `off`.
  package func isOff(_ key: String) -> Bool {
    isWord("off", key) || isWord("false", key)
  }

  /// Whether the key holds just this word.
  private func isWord(_ word: String, _ key: String) -> Bool {
    guard case .scalar(word, _) = node(key)?.value else { return false }
    return true
  }

  /// A value that can be compared, within a range; nil when the key is absent or after reporting.
  ///
  /// - Parameter alternative: A word that the caller took already, for the hints.
  func measure<Value: Comparable>(
    _ key: String, in range: ClosedRange<Value>, parse: (String) -> Value?, noun: String, form: String,
    or alternative: String? = nil, describe: (Value) -> String
  ) -> Value? {
    guard let (text, node) = scalar(key, expected: noun) else { return nil }
    let other = alternative.map { ", or \($0)" } ?? ""
    guard let value = parse(text) else {
      fail(key, "\(Self.quote(text, of: node)) is not \(noun)", hint: "write \(form)\(other)")
      return nil
    }
    guard range.contains(value) else {
      fail(
        key, "\(Self.quote(text, of: node)) is out of range",
        hint: "write \(noun) from \(describe(range.lowerBound)) to \(describe(range.upperBound))\(other)")
      return nil
    }
    return value
  }
}
