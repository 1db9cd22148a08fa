/// The labels of a metric in Prometheus' text format, version 0.0.4.
package enum MetricLabels {
  /// `name="value"` for each pair, joined by commas. Values are escaped as the format wants it.
  package static func render(_ pairs: [(String, String)]) -> String {
    pairs.map { "\($0.0)=\"\(escape($0.1))\"" }.joined(separator: ",")
  }

  private static func escape(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
    var escaped = ""
    // By scalars, not characters: a line feed can be part of a longer one.
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
