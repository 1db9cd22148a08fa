/// A place in a configuration file, written `gatehouse.yaml:12:7`.
public struct SourcePosition: Sendable, CustomStringConvertible {
  /// The file as it was named when it was read.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The column, from 1, counted in Unicode scalars.
  public let column: Int
  /// Where relative paths start when that is not the folder of `file` (a text that was not read from a file).
  package let baseDirectory: String?

  /// A position in `file`.
  public init(file: String, line: Int, column: Int) {
    self.init(file: file, line: line, column: column, baseDirectory: nil)
  }

  package init(file: String, line: Int, column: Int, baseDirectory: String?) {
    self.file = file
    self.line = line
    self.column = column
    self.baseDirectory = baseDirectory
  }

  /// `file:line:column`, which editors and terminals turn into a link.
  public var description: String { "\(file):\(line):\(column)" }

  /// The folder that relative paths of this place start from.
  package var directory: String {
    if let baseDirectory { return baseDirectory }
    guard let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }

  /// `path` as it is meant at this place: absolute paths stay, relative ones start at ``directory``.
  package func resolve(_ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") || directory == "." { return path }
    return directory.utf8.last == UInt8(ascii: "/") ? directory + path : "\(directory)/\(path)"
  }
}

extension SourcePosition: Hashable {
  /// Two positions are equal when they read the same.
  public static func == (left: SourcePosition, right: SourcePosition) -> Bool {
    left.line == right.line && left.column == right.column && left.file == right.file
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(file)
    hasher.combine(line)
    hasher.combine(column)
  }
}

extension SourcePosition: Comparable {
  /// By file name, then line, then column.
  public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
    if left.file != right.file { return left.file < right.file }
    return (left.line, left.column) < (right.line, right.column)
  }
}
