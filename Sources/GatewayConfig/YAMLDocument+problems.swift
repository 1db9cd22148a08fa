import GatewayKit
import Yams

extension YAMLDocument {
  /// Reports a mistake of the node that is being converted, or of the whole text.
  func report(at position: SourcePosition, _ message: String, hint: String?) {
    let path = trail.reduce(into: "") { path, step in
      switch step {
      case .index(let index): path += "[\(index)]"
      case .key(let key): path += (path.isEmpty ? "" : ".") + SettingsReader.shortened(key)
      }
    }
    issues.append(ConfigurationIssue(position: position, path: path, message: message, hint: hint))
  }

  func position(_ mark: Mark?) -> SourcePosition {
    position(line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  func position(line: Int, column: Int) -> SourcePosition {
    SourcePosition(file: file, line: max(1, line), column: max(1, column), baseDirectory: baseDirectory)
  }

  /// Tells what the YAML parser found wrong in `text`.
  func report(_ error: YamlError, in text: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      let reason = context.map { "\($0.text) (line \($0.mark.line)) " } ?? ""
      report(
        at: position(mark), "no valid YAML: \(reason)\(problem)",
        hint: "check indentation (blanks, no tabs), quotes and brackets here and just above")
    case .composer(_, let problem, let mark, _):
      report(at: position(mark), "no valid YAML: \(problem)", hint: "write one document, without a second `---`")
    case .reader(let problem, let offset, _, _):
      report(
        at: place(ofCharacter: offset ?? 0, in: text), "no valid YAML: \(problem)",
        hint: "take the character out or write it as an escape in double quotes")
    case .duplicatedKeysInMapping(let keys, let context):
      let first = position(context.mark)
      for key in keys { reportDuplicate(key, first: key == keys.first ? first : nil, in: text) }
    default:
      report(at: position(line: 1, column: 1), "the YAML cannot be read", hint: nil)
    }
  }

  private func reportDuplicate(_ key: String, first: SourcePosition?, in text: String) {
    let name = "`\(Self.restore(String(key.prefix(60))))`"
    guard let first else {
      report(at: position(line: 1, column: 1), "the key \(name) stands twice in one mapping", hint: "keep one of them")
      return
    }
    if let second = DuplicateKey.second(key, after: first, in: text) {
      report(
        at: position(line: second.line, column: second.column),
        "the key \(name) stands twice in one mapping, first at line \(first.line)", hint: "keep one of them")
    } else {
      report(at: first, "the key \(name) stands twice in one mapping, first here", hint: "keep one of them")
    }
  }

  private func place(ofCharacter offset: Int, in text: String) -> SourcePosition {
    var line = 1
    var column = 1
    for character in text.prefix(max(0, offset)) {
      column += 1
      if character.isNewline { (line, column) = (line + 1, 1) }
    }
    return position(line: line, column: column)
  }
}

/// The YAML parser tells only where a key stands first; this looks for the second one, in the same column below.
enum DuplicateKey {
  static func second(_ key: String, after first: SourcePosition, in text: String) -> (line: Int, column: Int)? {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated().dropFirst(first.line) {
      let indentation = line.prefix { $0 == " " }.count
      let content = line.dropFirst(indentation)
      if content.isEmpty || content.first == "#" { continue }
      if indentation < first.column - 1 { return nil }
      guard indentation == first.column - 1 else { continue }
      for spelling in [key, "\"\(key)\"", "'\(key)'"] where content.hasPrefix(spelling) {
        if content.dropFirst(spelling.count).drop(while: { $0 == " " }).first == ":" {
          return (index + 1, first.column)
        }
      }
    }
    return nil
  }
}
