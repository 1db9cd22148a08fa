/// The segments of a path pattern or template, as far as it matters which paths fit.
struct PathShape {
  private enum Segment: Equatable {
    case fixed(Substring)
    case parameter
    case rest
  }

  private let segments: [Segment]

  init(_ pattern: String) {
    segments = pattern.split(separator: "/").map { text in
      if text == "*" { return .rest }
      return text.first == "{" ? .parameter : .fixed(text)
    }
  }

  /// Whether some path fits both.
  func overlaps(_ other: PathShape) -> Bool {
    for (mine, theirs) in zip(segments, other.segments) {
      if mine == .rest || theirs == .rest { return true }
      if case .fixed(let text) = mine, case .fixed(let otherText) = theirs, text != otherText { return false }
    }
    let count = min(segments.count, other.segments.count)
    let longer = segments.count > count ? segments[count...] : other.segments[count...]
    return longer.isEmpty || longer.first == .rest
  }
}
