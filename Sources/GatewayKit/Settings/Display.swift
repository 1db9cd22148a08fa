/// Makes text of others fit to be shown: it may neither steer a terminal nor fill it.
package enum Display {
  /// At most `limit` scalars of the text, with a replacement for each that is not to be seen.
  package static func text(_ text: String, limit: Int) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) { shown.append(isHidden(scalar) ? "\u{FFFD}" : scalar) }
    return String(shown) + (text.unicodeScalars.count > limit ? "..." : "")
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
