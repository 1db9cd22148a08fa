import GatewayKit
import Yams

/// Turns the text of one YAML file into nodes with positions, with its variables put in. What YAML allows and a
/// configuration does not need (several documents, tags, merge keys, keys that are no text) is refused by name.
///
/// Aliases are resolved here and not by the YAML parser: the parser hashes every key, and a key made of aliases of
/// aliases would keep it busy for ever. So it never sees an alias: each `*` reaches it as `aliasMark`, of the same
/// width, and is put back in every text.
struct YAMLDocument {
  /// Deeper files are no configuration.
  static let deepest = 32
  /// Deeper files are no description of an API.
  static let deepestDescription = 128
  /// How many nodes aliases may add to those that are written.
  static let mostAliasedNodes = 100_000
  /// A character for private use, which no configuration needs.
  private static let aliasMark: Unicode.Scalar = "\u{E000}"

  /// A node with what the bounds are about.
  private struct Converted {
    let node: ConfigNode
    /// Nodes in it, itself counted.
    var size = 1
    /// Levels in it, itself counted.
    var height = 1
  }

  /// A part of the way to a node. Ways are only put into words when there is something to report.
  enum Step {
    case key(String)
    case index(Int)
  }

  /// The file is beyond a bound, which was reported: nothing more is to be read.
  private struct BoundExceeded: Error {}

  let file: String
  let baseDirectory: String?
  let issues: IssueCollector
  /// nil when texts stand for themselves.
  private var interpolation: Interpolation?
  private let deepest: Int
  /// The way to the node that is being converted.
  private(set) var trail: [Step] = []
  private var anchors: [String: Converted] = [:]
  private var aliasedNodesLeft = YAMLDocument.mostAliasedNodes

  init(file: String, baseDirectory: String?, environment: [String: String], issues: IssueCollector) {
    self.file = file
    self.baseDirectory = baseDirectory
    self.issues = issues
    interpolation = Interpolation(environment: environment, limit: ConfigurationLoader.largestFile)
    deepest = Self.deepest
  }

  /// A document that is no configuration: deeper, and `$` has no meaning in it.
  init(description file: String, issues: IssueCollector) {
    self.file = file
    self.baseDirectory = nil
    self.issues = issues
    interpolation = nil
    deepest = Self.deepestDescription
  }

  /// The root node; nil after reporting why there is none.
  mutating func read(_ text: String) -> ConfigNode? {
    guard text.utf8.count <= ConfigurationLoader.largestFile else {
      report(at: position(nil), "the text is larger than 16MB", hint: "split it into domains_dir")
      return nil
    }
    guard let marked = markAliases(text) else { return nil }
    do {
      // No rules: what is a number or a boolean is for the reader of a setting to say. The encoding is given because
      // the default one is looked up in the environment.
      let parser = try Parser(yaml: marked, resolver: .basic, constructor: .default, encoding: .utf8)
      // The nodes refer to their anchors weakly, and the parser holds these.
      return try withExtendedLifetime(parser) {
        guard let root = try parser.singleRoot() else {
          report(at: position(nil), "the file is empty", hint: interpolation == nil ? nil : "begin with `version: 1`")
          return nil
        }
        return try convert(root).node
      }
    } catch let error as YamlError {
      report(error, in: marked)
    } catch is BoundExceeded {
      // Reported where it was found.
    } catch {
      report(at: position(nil), "the YAML cannot be read", hint: nil)
    }
    return nil
  }

  /// The text without aliases; nil after reporting that it has the mark already.
  private func markAliases(_ text: String) -> String? {
    var line = 1
    var column = 1
    var marked = String.UnicodeScalarView()
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == 0, scalar == "\u{FEFF}" { continue }
      if scalar == Self.aliasMark {
        report(
          at: position(line: line, column: column), "the character U+E000 is not read",
          hint: "write another one; this one is for private use")
        return nil
      }
      marked.append(scalar == "*" ? Self.aliasMark : scalar)
      (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
    }
    return String(marked)
  }

  /// The text as it was written.
  static func restore(_ text: String) -> String {
    guard text.unicodeScalars.contains(aliasMark) else { return text }
    var restored = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { restored.append(scalar == aliasMark ? "*" : scalar) }
    return String(restored)
  }

  private mutating func convert(_ node: Node) throws -> Converted {
    let place = position(node.mark)
    try check(depth: trail.count + 1, at: place)
    checkTag(node, position: place)
    var converted: Converted
    switch node {
    case .scalar(let scalar): converted = try convert(scalar, position: place)
    case .mapping(let pairs): converted = try convert(pairs, position: place)
    case .sequence(let sequence):
      var items: [Converted] = []
      for (index, item) in sequence.enumerated() {
        items.append(try convert(item, below: .index(index)))
      }
      converted = Self.collect(ConfigNode(.sequence(items.map(\.node)), position: place), of: items)
    case .alias:
      converted = Converted(node: ConfigNode(.null, position: place))
      report(at: place, "an alias that was not resolved", hint: "write the value itself")
    }
    if let anchor = node.anchor { anchors[anchor.rawValue] = converted }
    return converted
  }

  private mutating func convert(_ node: Node, below step: Step) throws -> Converted {
    trail.append(step)
    defer { trail.removeLast() }
    return try convert(node)
  }

  private mutating func convert(_ pairs: Node.Mapping, position place: SourcePosition) throws -> Converted {
    var entries: [ConfigNode.Entry] = []
    var values: [Converted] = []
    for (keyNode, valueNode) in pairs {
      guard let key = key(keyNode) else { continue }
      let value = try convert(valueNode, below: .key(key))
      values.append(value)
      entries.append(ConfigNode.Entry(key: key, keyPosition: position(keyNode.mark), value: value.node))
    }
    return Self.collect(ConfigNode(.mapping(entries), position: place), of: values)
  }

  /// nil after reporting that the key is no text.
  private func key(_ node: Node) -> String? {
    guard case .scalar(let key) = node, !isNull(key), alias(key) == nil else {
      report(at: position(node.mark), "a key that is no text", hint: "write `key: value`")
      return nil
    }
    if key.string == "<<", key.style == .plain {
      report(
        at: position(node.mark), "merge keys (`<<`) are not read",
        hint: "write the settings out, or use an alias for a whole value")
      return nil
    }
    return Self.restore(key.string)
  }

  private mutating func convert(_ scalar: Node.Scalar, position place: SourcePosition) throws -> Converted {
    if isNull(scalar) { return Converted(node: ConfigNode(.null, position: place)) }
    if let name = alias(scalar) { return try resolve(name, position: place) }
    let text = Self.restore(scalar.string)
    switch interpolation?.apply(to: text) {
    case .unchanged, nil:
      return Converted(node: ConfigNode(.scalar(text, quoted: scalar.style != .plain), position: place))
    case .changed(let text, let hasVariables):
      return Converted(
        node: ConfigNode(.scalar(text, quoted: true), position: place, isInterpolated: hasVariables))
    case .failed(let problems):
      for problem in problems { report(at: place, problem.message, hint: problem.hint) }
      return Converted(node: ConfigNode(.null, position: place))
    }
  }

  private mutating func resolve(_ name: String, position place: SourcePosition) throws -> Converted {
    guard let target = anchors[name] else {
      report(
        at: place, "`*\(name.prefix(60))` stands for nothing",
        hint: "an alias `*name` needs `&name` above it; put a text that begins with `*` in quotes")
      return Converted(node: ConfigNode(.null, position: place))
    }
    try check(depth: trail.count + target.height, at: place)
    aliasedNodesLeft -= target.size
    guard aliasedNodesLeft >= 0 else {
      report(
        at: place, "aliases expand to more than \(Self.mostAliasedNodes) values",
        hint: "write fewer aliases of aliases")
      throw BoundExceeded()
    }
    return target
  }

  private func check(depth: Int, at place: SourcePosition) throws {
    guard depth > deepest else { return }
    report(at: place, "nested deeper than \(deepest) levels", hint: "write it flatter")
    throw BoundExceeded()
  }

  private static func collect(_ node: ConfigNode, of parts: [Converted]) -> Converted {
    Converted(
      node: node, size: parts.reduce(1) { $0 + $1.size }, height: 1 + (parts.map(\.height).max() ?? 0))
  }

  /// What follows the `*` of an alias; nil for anything else.
  private func alias(_ scalar: Node.Scalar) -> String? {
    guard scalar.style == .plain, scalar.string.unicodeScalars.first == Self.aliasMark else { return nil }
    return Self.restore(String(scalar.string.unicodeScalars.dropFirst()))
  }

  private func isNull(_ scalar: Node.Scalar) -> Bool {
    scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }

  /// Tags ask the reader of a YAML file to make something else of a value; here every value has one meaning.
  private func checkTag(_ node: Node, position: SourcePosition) {
    let tag = node.tag.rawValue
    let plain: [Tag.Name] = [.implicit, .nonSpecific, .str, .seq, .map]
    if plain.contains(where: { $0.rawValue == tag }) { return }
    report(at: position, "tags such as `!name` are not read", hint: "leave the tag out")
  }
}
