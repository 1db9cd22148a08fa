import GatewayKit
import Testing

@Suite struct RevocationSettingsTests {
  private static let token = "0123456789abcdef"

  @Test func arrive() throws {
    let text = configuration(
      more: """
        admin: { bind: "127.0.0.1:9", token: { env: T } }
        revocations: { file: kept/revoked.jsonl, most: 7 }
        """)
    let loaded = try parse(text, environment: ["T": Self.token])
    #expect(loaded.admin?.token?.text == Self.token)
    #expect(loaded.revocations.file == "/nowhere/kept/revoked.jsonl" && loaded.revocations.most == 7)
    #expect(loaded.revocations.position == SourcePosition(file: "g.yaml", line: 6, column: 22))
    #expect(!"\(loaded)".contains(Self.token))
  }

  @Test func haveTheirDefaults() throws {
    let loaded = try parse(configuration(more: "admin: { bind: \"127.0.0.1:9\" }"))
    #expect(loaded.admin?.token == nil && loaded.revocations == RevocationsConfiguration())
    #expect(loaded.revocations.file == nil && loaded.revocations.most == 100_000)
  }

  @Test(arguments: [
    ("revocations:", "revocations", "has nothing behind it"),
    ("revocations: { file: }", "revocations.file", "has nothing behind it"),
    ("revocations: { file: \"\" }", "revocations.file", "no name of a file"),
    ("revocations: { file: [] }", "revocations.file", "name of a file"),
    ("revocations: { most: 0 }", "revocations.most", "from 1 to 1000000"),
    ("revocations: { most: 1000001 }", "revocations.most", "from 1 to 1000000"),
    ("revocations: { path: x }", "revocations.path", "known keys: file, most"),
    ("admin: { bind: \"h:1\", token: \(token) }", "admin.token", "{ file: path }"),
    ("admin: { bind: \"h:1\", token: }", "admin.token", "has nothing behind it"),
    ("admin: { bind: \"h:1\", token: { env: SHORT } }", "admin.token", "16 to 1024"),
    ("admin: { bind: \"h:1\", token: { env: BLANK } }", "admin.token", "visible ASCII"),
    ("admin: { bind: \"h:1\", token: { env: NONE } }", "admin.token.env", "not set"),
  ])
  func areRefused(_ line: String, _ path: String, _ reason: String) {
    let found = issues(
      configuration(more: line), environment: ["SHORT": "0123456789abcde", "BLANK": "0123456789 abcdef"])
    #expect(found.map(\.path) == [path])
    #expect(found.first?.description.contains(reason) == true, "\(found)")
    #expect(found.first?.hint?.isEmpty == false)
  }
}
