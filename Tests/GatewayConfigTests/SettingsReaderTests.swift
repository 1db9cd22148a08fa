import Foundation
import GatewayKit
import Testing

/// The settings of the plugin `p` in a configuration, as the gateway reads them.
private func settings(
  _ yaml: String, environment: [String: String] = [:], issues: IssueCollector = IssueCollector()
) throws -> SettingsReader {
  let entry = try #require(
    try parse(configuration(more: "defaults: { use: [p: \(yaml)] }"), environment: environment).defaults.first)
  return SettingsReader(entry.settings, path: "p", issues: issues, environment: environment)
}

private enum Colour: String, CaseIterable { case red, green }

@Suite struct SettingsReaderTests {
  @Test func everyKindIsRead() throws {
    let issues = IssueCollector()
    let reader = try settings(
      """
      { text: hello, yes: true, no: "off", number: -3, wait: 5m, size: 2KB, rate: 10/s, colour: green, one: a,
        many: [a, b], inner: { x: 1 }, list: [{ x: 1 }, { x: 2 }], empty: }
      """, issues: issues)
    #expect(reader.requiredString("text") == "hello")
    #expect(reader.bool("yes", default: false))
    #expect(!reader.bool("no", default: true))
    #expect(reader.int("number", default: 0) == -3)
    #expect(reader.duration("wait", default: .zero) == .seconds(300))
    #expect(reader.size("size", default: 0) == 2048)
    #expect(reader.rate("rate") == Rate(count: 10, period: .seconds(1)))
    #expect(reader.choice("colour", default: Colour.red) == .green)
    #expect(reader.strings("one", default: []) == ["a"])
    #expect(reader.strings("many", default: []) == ["a", "b"])
    #expect(reader.mapping("inner")?.int("x", default: 0) == 1)
    #expect(reader.mappings("list").map { $0.int("x", default: 0) } == [1, 2])
    #expect(reader.has("empty") && reader.optionalString("empty") == nil)
    #expect(!reader.has("absent") && reader.string("absent", default: "d") == "d")
    reader.finish()
    #expect(issues.isEmpty, "\(issues.issues)")
  }

  @Test func wrongValuesAreReportedAndTheDefaultsTaken() throws {
    let issues = IssueCollector()
    let reader = try settings("{ a: x, b: [], c: { d: 1 }, e: bleu }", issues: issues)
    #expect(reader.int("a", default: 7) == 7)
    #expect(reader.bool("a", default: true))
    #expect(reader.duration("b", default: .seconds(1)) == .seconds(1))
    #expect(reader.string("c", default: "d") == "d")
    #expect(reader.mappings("c").isEmpty)
    #expect(reader.strings("c", default: ["z"]) == ["z"])
    #expect(reader.choice("e", default: Colour.red) == .red)
    #expect(reader.requiredString("missing") == "")
    #expect(issues.issues.map(\.path) == ["p.a", "p.a", "p.b", "p.c", "p.c", "p.c", "p.e", "p.missing"])
    #expect(issues.issues.allSatisfy { $0.position?.line == 5 })
  }

  @Test func unknownKeysAreToldOnceAndAtTheirPlace() throws {
    let issues = IssueCollector()
    let reader = try settings("{ tll: 1s, ttl: 1s }", issues: issues)
    _ = reader.optionalDuration("ttl")
    reader.finish()
    let issue = try #require(issues.issues.first)
    #expect(issues.issues.count == 1)
    #expect(issue.description.contains("p.tll: unknown key `tll`; did you mean `ttl`? known keys: ttl"))
    #expect(issue.position?.column == 24)
  }

  @Test func aLongMappingFindsItsKeys() throws {
    let keys = (0..<100).map { "k\($0): \($0)" }.joined(separator: ", ")
    let reader = try settings("{ \(keys) }")
    for number in 0..<100 { #expect(reader.int("k\(number)", default: -1) == number) }
    #expect(!reader.has("k100"))
    #expect(reader.entries().count == 100)
  }

  @Test func settingsThatAreNoMappingAreReportedOnce() {
    let issues = IssueCollector()
    let node = ConfigNode(.sequence([]), position: SourcePosition(file: "f", line: 1, column: 1))
    let reader = SettingsReader(node, path: "p", issues: issues)
    _ = reader.int("x", default: 0)
    reader.finish()
    #expect(issues.issues.count == 1)
  }

  @Test func equalSettingsAreEqualWhereverTheyStand() throws {
    func node(_ yaml: String) throws -> ConfigNode {
      try #require(try parse(configuration(more: "defaults: { use: [p: \(yaml)] }")).defaults.first).settings
    }
    let one = try node("{ a: 1, b: [x, { c: d }] }")
    let same = try node("{ b: [\"x\",   { c: 'd' }], a: \"1\" }")
    #expect(one == same)
    #expect(one.hashValue == same.hashValue)
    for other in [
      "{ a: 1 }", "{ a: 1, b: [{ c: d }, x] }", "{ a: 2, b: [x, { c: d }] }", "", "{ a: , b: [x, {c: d}] }",
    ] {
      #expect(try node(other) != one)
    }
  }

  @Test func aSecretComesFromTheEnvironmentOrAFile() throws {
    try withFolder { folder in
      try folder.write("hunter2\n", to: "secret")
      let issues = IssueCollector()
      let reader = try settings(
        "{ e: { env: TOKEN }, f: { file: \(folder.path)/secret } }", environment: ["TOKEN": "s3cr3t"], issues: issues)
      #expect(reader.secret("e")?.text == "s3cr3t")
      #expect(reader.secret("f")?.text == "hunter2")
      #expect(reader.secret("absent") == nil)
      reader.finish()
      #expect(issues.isEmpty, "\(issues.issues)")
    }
  }

  @Test(arguments: [
    ("hunter2", "must not stand in the configuration"), ("{ env: NO_SUCH }", "NO_SUCH is not set"),
    ("{ env: EMPTY }", "EMPTY is empty"), ("{ file: gone }", "/nowhere/gone does not exist"),
    ("{}", "needs one source"),
    ("{ file: a, env: B }", "needs one source"), ("{ file: / }", "is a folder"),
    ("{ file: /dev/zero }", "regular file"),
  ])
  func aSecretThatCannotBeHadFailsTheLoad(yaml: String, message: String) throws {
    let issues = IssueCollector()
    let reader = try settings("{ s: \(yaml) }", environment: ["EMPTY": ""], issues: issues)
    #expect(reader.secret("s") == nil)
    #expect(issues.issues.count == 1)
    let issue = try #require(issues.issues.first)
    #expect(issue.message.contains(message), "\(issue)")
    #expect(!issue.description.contains("hunter2"))
  }

  @Test func aSecretIsNeverShown() {
    let secret = Secret(Array("hunter2".utf8))
    var dumped = ""
    dump(secret, to: &dumped)
    dump(["key": secret as Secret?], to: &dumped)
    #expect(!"\(secret) \(String(reflecting: secret)) \(String(describing: [secret])) \(dumped)".contains("hunter2"))
  }

  @Test func relativePathsStartWhereTheyStand() throws {
    #expect(try settings("{ f: keys/a.pem }").path("f") == "/nowhere/keys/a.pem")
    #expect(try settings("{ f: /keys/a.pem }").path("f") == "/keys/a.pem")
    let inFile = SourcePosition(file: "/etc/gatehouse/g.yaml", line: 1, column: 1)
    #expect(inFile.resolve("a.pem") == "/etc/gatehouse/a.pem")
    #expect(SourcePosition(file: "g.yaml", line: 1, column: 1).resolve("a.pem") == "a.pem")
    #expect(SourcePosition(file: "/g.yaml", line: 1, column: 1).resolve("a.pem") == "/a.pem")
  }

  @Test func whatVariablesPutInIsNotRepeated() throws {
    let found = issues(configuration(more: "limits: { fields: \"${S}\" }"), environment: ["S": "hunter2"])
    #expect(found.count == 1)
    #expect(found.allSatisfy { !$0.description.contains("hunter2") }, "\(found)")
  }
}
