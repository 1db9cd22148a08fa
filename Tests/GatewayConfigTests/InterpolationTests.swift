import Testing

@testable import GatewayConfig

@Suite struct InterpolationTests {
  static let environment = ["A": "x", "B_2": "y z", "EMPTY": "", "NESTED": "${A}"]

  @Test(arguments: [
    ("${A}", "x"), ("a${A}b${B_2}c", "axby zc"), ("${EMPTY}", ""), ("${NO:-d}", "d"), ("${NO:-}", ""),
    ("${EMPTY:-d}", "d"), ("${A:-d}", "x"), ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("$A $", "$A $"),
    ("${NESTED}", "${A}"), ("${NO:-http://h:1/$x}", "http://h:1/$x"), ("$\u{301}${A}", "$\u{301}x"),
    ("${NO:-\u{301}}", "\u{301}"),
  ])
  func putsIn(text: String, expected: String) {
    var interpolation = Interpolation(environment: Self.environment, limit: 1000)
    guard case .changed(let result, _) = interpolation.apply(to: text) else {
      Issue.record("\(text) was not read")
      return
    }
    #expect(Array(result.unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test(arguments: ["", "plain", "{A}"])
  func leavesAlone(_ text: String) {
    var interpolation = Interpolation(environment: Self.environment, limit: 1000)
    #expect(interpolation.apply(to: text) == .unchanged)
  }

  @Test(arguments: ["${NO}", "${", "${A", "${}", "${1A}", "${A-b}", "${A:b}", "${a b}", "${Ä}", "${A}${NO}"])
  func refuses(_ text: String) {
    var interpolation = Interpolation(environment: Self.environment, limit: 1000)
    guard case .failed(let problems) = interpolation.apply(to: text) else {
      Issue.record("\(text) was read")
      return
    }
    #expect(problems.count == 1)
  }

  @Test func everyMissingVariableIsTold() {
    var interpolation = Interpolation(environment: [:], limit: 1000)
    guard case .failed(let problems) = interpolation.apply(to: "${A}${B}") else {
      Issue.record("read without its variables")
      return
    }
    #expect(problems.map(\.message).count == 2)
  }

  @Test func variablesCannotBlowUpAFile() {
    var interpolation = Interpolation(environment: ["A": String(repeating: "x", count: 400)], limit: 1000)
    guard case .changed = interpolation.apply(to: "${A}${A}"), case .failed = interpolation.apply(to: "${A}") else {
      Issue.record("the limit does not hold")
      return
    }
  }
}
