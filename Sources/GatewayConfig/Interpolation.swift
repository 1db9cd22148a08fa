/// Puts environment variables into texts: `${NAME}`, `${NAME:-default}`, and `$${` for a literal `${`.
struct Interpolation {
  struct Problem: Error, Equatable {
    let message: String
    let hint: String
  }

  enum Outcome: Equatable {
    case unchanged
    case changed(String, hasVariables: Bool)
    case failed([Problem])
  }

  private let environment: [String: String]
  /// How many bytes variables may still add to this file.
  private var bytesLeft: Int

  init(environment: [String: String], limit: Int) {
    self.environment = environment
    bytesLeft = limit
  }

  mutating func apply(to text: String) -> Outcome {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return .unchanged }
    var result = ""
    var problems: [Problem] = []
    var hasVariables = false
    var rest = text[...]
    while let dollar = rest.utf8.firstIndex(of: UInt8(ascii: "$")) {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if Self.starts(rest, with: "$${") {
        result += "${"
        rest = Self.drop(3, from: rest)
      } else if Self.starts(rest, with: "${") {
        hasVariables = true
        guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "}")) else {
          problems.append(
            Problem(message: "`${` without its `}`", hint: "write ${NAME}, or $${ for the characters themselves"))
          return .failed(problems)
        }
        switch value(of: Self.drop(2, from: rest[..<end])) {
        case .success(let value): result += value
        case .failure(let problem): problems.append(problem)
        }
        rest = rest[rest.utf8.index(after: end)...]
      } else {
        result += "$"
        rest = Self.drop(1, from: rest)
      }
    }
    return problems.isEmpty ? .changed(result + rest, hasVariables: hasVariables) : .failed(problems)
  }

  private mutating func value(of expression: Substring) -> Result<String, Problem> {
    let colon = expression.utf8.firstIndex(of: UInt8(ascii: ":"))
    let name = String(colon.map { expression[..<$0] } ?? expression)
    let fallback = colon.map { expression[$0...] }
    guard Self.isName(name), fallback.map({ Self.starts($0, with: ":-") }) ?? true else {
      return .failure(
        Problem(message: "`${...}` that names no variable", hint: "write ${NAME} or ${NAME:-default}"))
    }
    var value = environment[name]
    if let fallback, value?.isEmpty != false { value = String(Self.drop(2, from: fallback)) }
    guard let value else {
      return .failure(
        Problem(
          message: "the environment variable \(name) is not set", hint: "set it, or write ${\(name):-default}"))
    }
    guard value.utf8.count <= bytesLeft else {
      return .failure(Problem(message: "variables make this file too large", hint: "use shorter values"))
    }
    bytesLeft -= value.utf8.count
    return .success(value)
  }

  /// By scalars, since a combining mark makes another character of what it follows.
  private static func starts(_ text: Substring, with prefix: String) -> Bool {
    text.unicodeScalars.starts(with: prefix.unicodeScalars)
  }

  private static func drop(_ count: Int, from text: Substring) -> Substring {
    Substring(text.unicodeScalars.dropFirst(count))
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
