/// What came of an explanation: what was found, line by line, and the verdict.
struct ExplanationOutcome {
  private(set) var lines: [String] = []
  /// Why the gateway refuses the request, by what is judged first; nil when nothing that was judged refuses it.
  private(set) var refusal: String?
  /// What has to hold besides for the request to be let through. It was not found out.
  private(set) var conditions: [String] = []

  /// The exit code of the command: let through, refused, or not to be said.
  var exitCode: Int32 {
    if refusal != nil { return 1 }
    return conditions.isEmpty ? 0 : 2
  }

  mutating func say(_ name: String, _ text: String) {
    lines.append(name.padded(to: 14) + text)
  }

  mutating func refuse(_ status: UInt16, _ reason: String, _ why: String) {
    if refusal == nil { refusal = "refused: \(status) \(reason): \(why)" }
  }

  mutating func allow(onlyIf condition: String) {
    if !conditions.contains(condition) { conditions.append(condition) }
  }

  mutating func finish() {
    let allowed = conditions.isEmpty ? "allowed" : "not judged: allowed if \(conditions.joined(separator: " and "))"
    say("verdict", refusal ?? allowed)
  }
}
