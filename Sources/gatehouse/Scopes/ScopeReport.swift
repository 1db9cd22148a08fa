import Foundation

/// What `scopes check` found.
struct ScopeReport: Encodable {
  enum Severity: String, Encodable {
    case wrong, warning
  }

  struct Finding: Encodable {
    let severity: Severity
    let code: String
    /// nil for what belongs to no domain, such as a catalogue.
    var domain: String?
    var route: String?
    var catalog: String?
    var operation: String?
    var scope: String?
    let message: String
  }

  var domains = 0
  var routes = 0
  var wrong = 0
  var warnings = 0
  private(set) var findings: [Finding] = []

  mutating func add(_ finding: Finding) {
    findings.append(finding)
    switch finding.severity {
    case .wrong: wrong += 1
    case .warning: warnings += 1
    }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// A line for each finding under the name of its domain, and a summary.
  var text: String {
    var lines: [String] = []
    var section: String?
    for finding in findings {
      let name = finding.domain ?? finding.catalog.map { "catalogue \($0)" } ?? ""
      if section != name { lines.append(name) }
      section = name
      let severity = finding.severity == .wrong ? "wrong  " : "warning"
      lines.append("  \(severity) \(finding.code): \(finding.route.map { "\($0): " } ?? "")\(finding.message)")
    }
    let verdict =
      findings.isEmpty ? "nothing to report" : "\(wrong) wrong, \(warnings) \(warnings == 1 ? "warning" : "warnings")"
    lines.append("\(domains) domains, \(routes) routes: \(verdict)")
    return lines.joined(separator: "\n")
  }
}
