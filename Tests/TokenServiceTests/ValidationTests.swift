import Foundation
import Testing
import TokenService
import UserApiTokens

/// What is refused before anybody asks for a token.
@Suite struct ValidationTests {
  private static let id = "575ec7417ae143cd83dc4a95"

  static let posts: [(body: String, message: String)] = [
    ("{}", "name is required"), ("[]", "apiToken is the wrong type"), (#""x""#, "apiToken is the wrong type"),
    (#"{"name":""}"#, "name has less length than allowed"), (#"{"name":5}"#, "name is the wrong type"),
    (#"{"name":"\#(String(repeating: "x", count: 256))"}"#, "name has longer length than allowed"),
    (
      #"{"name":"n","description":"\#(String(repeating: "x", count: 32_768))"}"#,
      "description has longer length than allowed"
    ),
    (#"{"name":"n","description":null}"#, "description is the wrong type"),
    (#"{"name":"n","extra":1}"#, "extra is an additional property"),
    (#"{"name":"n","token":"x"}"#, "token is an additional property"),
    (#"{"name":"n","status":"paused"}"#, "status must be one of: active, inactive"),
    (#"{"name":"n","defaultRole":"king"}"#, "defaultRole must be one of: admin, edit, collaborate, view, none"),
    (#"{"name":"n","expirationDate":"tomorrow"}"#, "expirationDate must be date-time format"),
    (#"{"name":"n","expirationDate":1}"#, "expirationDate is the wrong type"),
    (#"{"name":"n","scope":"all.User"}"#, "scope is the wrong type"),
    (#"{"name":"n","scope":["all.User",5]}"#, "scope.1 is the wrong type"),
    (#"{"name":"n","scope":["all.User","nope"]}"#, "scope.1 must be one of: the scopes of a user API token"),
    (#"{"name":"n","scope":["all.User","all.User"]}"#, "scope must be unique"),
    (#"{"name":"n","orgRoles":{}}"#, "orgRoles is the wrong type"),
    (
      #"{"name":"n","orgRoles":[\#(many(#"{"orgId":"sandbox","role":"view"}"#, 26))]}"#,
      "orgRoles has more items than allowed"
    ),
    (#"{"name":"n","orgRoles":[{"role":"view"}]}"#, "orgRoles.0.orgId is required"),
    (#"{"name":"n","orgRoles":[{"orgId":"x","role":"view"}]}"#, "orgRoles.0.orgId pattern mismatch"),
    (#"{"name":"n","orgRoles":[{"orgId":"sandbox"}]}"#, "orgRoles.0.role is required"),
    (#"{"name":"n","orgRoles":[{"orgId":"sandbox","role":"view","x":1}]}"#, "orgRoles.0.x is an additional property"),
    (
      role(#"[{"resourceId":"\#(id)","role":"admin"}]"#),
      "orgRoles.0.applicationRoles.0.role must be one of: collaborate, view, none"
    ),
    (role(#"[{"resourceId":"zz","role":"view"}]"#), "orgRoles.0.applicationRoles.0.resourceId pattern mismatch"),
    (
      role("[\(many(#"{"resourceId":"\#(id)","role":"view"}"#, 101))]"),
      "orgRoles.0.applicationRoles has more items than allowed"
    ),
  ]

  static func many(_ item: String, _ count: Int) -> String {
    Array(repeating: item, count: count).joined(separator: ",")
  }
  static func role(_ applications: String) -> String {
    #"{"name":"n","orgRoles":[{"orgId":"sandbox","role":"view","applicationRoles":\#(applications)}]}"#
  }

  private func check(_ answer: ServiceFixture.Answer, _ message: String) {
    #expect(answer.status == 400 && answer.type == "Validation")
    #expect(answer.message == message)
  }

  @Test func bodiesOfCreation() async throws {
    try await ServiceFixture.with { fixture in
      for (body, message) in Self.posts {
        check(try await fixture.send("POST", "/me/tokens", as: nil, body: body), message)
      }
      check(try await fixture.send("POST", "/me/tokens"), "apiToken is required")
      #expect(try await fixture.send("GET", "/me/tokens").items.count == 1)
    }
  }

  @Test func largestBodyIsTaken() async throws {
    try await ServiceFixture.with { fixture in
      let entries = Self.many(#"{"resourceId":"\#(Self.id)","role":"view"}"#, 100)
      let role =
        #"{"orgId":"\#(Self.id)","role":"none","applicationRoles":[\#(entries)],"dashboardRoles":[\#(entries)]}"#
      let name = String(repeating: "😀", count: 255)
      let text = String(repeating: "é", count: 32_767)
      let body = #"{"name":"\#(name)","description":"\#(text)","scope":[],"orgRoles":[\#(Self.many(role, 25))]}"#
      let made = try await fixture.send("POST", "/me/tokens", body: body)
      #expect(made.status == 201 && made.body?["name"] == .string(name))
      #expect(try await fixture.send("GET", "/me/tokens/\(made.id)").body?["orgRoles"] == made.body?["orgRoles"])
    }
  }

  @Test func bodiesOfChange() async throws {
    try await ServiceFixture.with { fixture in
      let cases = [
        (#"{"scope":["all.User"]}"#, "scope is an additional property"),
        (#"{"expirationDate":"2030-01-01T00:00:00.000Z"}"#, "expirationDate is an additional property"),
        (#"{"name":""}"#, "name has less length than allowed"), (#"{"status":1}"#, "status is the wrong type"),
      ]
      for (body, message) in cases {
        check(try await fixture.send("PATCH", "/me/tokens/\(Self.id)", as: nil, body: body), message)
      }
      check(try await fixture.send("PATCH", "/me/tokens/\(Self.id)", as: nil), "apiToken is required")
      let path = "/me/tokens/\(fixture.admin.record.id)"
      #expect(try await fixture.send("PATCH", path, body: "{}").status == 200)
    }
  }

  @Test func parameters() async throws {
    try await ServiceFixture.with { fixture in
      let fields = "name, status, id, creationDate, lastUpdated, expirationDate"
      let cases = [
        ("?sortField=color", "sortField must be one of: \(fields)"),
        ("?sortDirection=ASC", "sortDirection must be one of: asc, desc"),
        ("?filterField=id", "filterField must be one of: name, status"), ("?page=-1", "page is the wrong type"),
        ("?page=x", "page is the wrong type"), ("?perPage=0", "perPage is less than minimum"),
        ("?perPage=1001", "perPage is more than maximum"), ("?page=99999999999999999999", "page is more than maximum"),
        ("?page=1&page=2", "page must be given once"), ("?filter=%FF", "query is not percent-encoded UTF-8"),
        ("?filter=\(String(repeating: "a", count: 256))", "filter has longer length than allowed"),
        ("/short", "apiTokenId pattern mismatch"), ("/\(Self.id)0", "apiTokenId pattern mismatch"),
        ("/\(String(repeating: "g", count: 24))", "apiTokenId pattern mismatch"),
      ]
      for (path, message) in cases { check(try await fixture.send("GET", "/me/tokens\(path)", as: nil), message) }
      #expect(try await fixture.send("GET", "/me/tokens?unknown=1&access_tokens=2&page=&sortField=").status == 200)
      #expect(try await fixture.send("GET", "/me/tokens/\(fixture.admin.record.id.uppercased())").status == 200)
    }
  }
}
