/// A pattern for paths: `/me/tokens`, `/me/tokens/{apiTokenId}`, `/files/*` (anything below, at the end only), `/*`.
package struct PathPattern: Sendable, Hashable {
  /// One part between slashes.
  package enum Segment: Sendable, Hashable {
    /// This text exactly.
    case fixed(String)
    /// Any one segment that is not empty, under a name.
    case parameter(String)
    /// All that follows.
    case rest
  }

  /// Why a text is no pattern, and what would be one.
  package struct Problem: Error, Sendable, Equatable {
    package let message: String
    package let hint: String
  }

  /// More segments than any API has.
  private static let mostSegments = 64

  /// In order; empty for `/`.
  package let segments: [Segment]

  package init(_ text: String) throws(Problem) {
    guard text.utf8.first == UInt8(ascii: "/") else {
      throw Problem(message: "a path pattern begins with a slash", hint: "write a path such as /me/tokens")
    }
    var segments: [Segment] = []
    let parts = text == "/" ? [] : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= Self.mostSegments else {
      throw Problem(message: "more than \(Self.mostSegments) segments", hint: "end the pattern with /* instead")
    }
    for (index, part) in parts.enumerated() {
      let segment = try Self.segment(part, isLast: index == parts.count - 1)
      if case .parameter(let name) = segment, segments.contains(segment) {
        throw Problem(message: "the parameter {\(name)} stands here twice", hint: "give each parameter its own name")
      }
      segments.append(segment)
    }
    self.segments = segments
  }

  /// The pattern without the names of its parameters: patterns of one shape match the same paths.
  package var shape: String {
    if segments.isEmpty { return "/" }
    return segments.reduce(into: "") { text, segment in
      switch segment {
      case .fixed(let name): text += "/\(name)"
      case .parameter: text += "/{}"
      case .rest: text += "/*"
      }
    }
  }

  private static func segment(_ text: Substring, isLast: Bool) throws(Problem) -> Segment {
    if text.isEmpty { throw Problem(message: "an empty segment", hint: "write one slash between two segments") }
    if text == "." || text == ".." {
      throw Problem(message: "a dot segment", hint: "paths are matched after `.` and `..` are resolved; leave it out")
    }
    if text == "*" {
      if isLast { return .rest }
      throw Problem(message: "`*` is not the last segment", hint: "name a single segment, as in {id}")
    }
    if text.first == "{", text.last == "}" {
      let name = text.dropFirst().dropLast()
      if !name.isEmpty, name.utf8.allSatisfy(isNameByte) { return .parameter(String(name)) }
      throw Problem(message: "a parameter without a proper name", hint: "write letters and digits, as in {apiTokenId}")
    }
    guard text.utf8.allSatisfy(isSegmentByte) else {
      throw Problem(
        message: "a segment with a character that no path has",
        hint: "write letters, digits and -._~!$&'()+,;=:@; a parameter is a whole segment, as in {id}")
    }
    return .fixed(String(text))
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  /// `pchar` of RFC 3986 without percent-encoding and without `*`, which has a meaning of its own here.
  private static func isSegmentByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "-._~!$&'()+,;=:@".utf8.contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
