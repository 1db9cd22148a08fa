import GRDB

/// Patterns in which `*` stands for any characters, also none. A pattern matches the whole text, and letter case makes
/// no difference. Every other character stands for itself.
enum Glob {
  static func matches(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.lowercased().unicodeScalars)
    let pattern = Array(pattern.lowercased().unicodeScalars)
    var at = 0
    var next = 0
    // Where to resume when what follows the last star does not fit: one more character goes to that star.
    var resume: (text: Int, pattern: Int)?
    while at < text.count {
      if next < pattern.count, pattern[next] == "*" {
        next += 1
        resume = (at, next)
      } else if next < pattern.count, pattern[next] == text[at] {
        next += 1
        at += 1
      } else if let last = resume {
        resume = (last.text + 1, last.pattern)
        at = last.text + 1
        next = last.pattern
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy { $0 == "*" }
  }

  /// `globbed(text, pattern)` for SQL.
  static let function = DatabaseFunction("globbed", argumentCount: 2, pure: true) { values in
    guard let text = String.fromDatabaseValue(values[0]), let pattern = String.fromDatabaseValue(values[1])
    else { return false }
    return matches(text, pattern)
  }
}
