import Testing
import UserApiTokens

@testable import TokenService

/// Which scope allows which action, and what it lets one see.
@Suite struct ScopeTests {
  /// The lists of the published description, written out once more.
  static let table: [(String, allowed: Set<String>)] = [
    ("all.User", ["list", "create", "show", "change", "delete"]),
    ("only.User", ["list", "create", "show", "change", "delete"]),
    ("all.User.bounded", ["list", "show"]), ("all.User.read", ["list", "show"]),
    ("only.User.bounded", ["list", "show"]), ("only.User.read", ["list", "show"]),
    ("userApiTokens.*", ["list", "create"]), ("userApiTokens.get", ["list"]), ("userApiTokens.post", ["create"]),
    ("userApiToken.*", ["show", "change", "delete"]), ("userApiToken.get", ["show"]),
    ("userApiToken.patch", ["change"]), ("userApiToken.delete", ["delete"]),
    ("all.User.cli", []), ("all.Application", []), ("*", []), ("all.*", []), ("userApiToken", []), ("all.user", []),
  ]

  @Test(arguments: table)
  func overTheWire(_ scope: String, _ allowed: Set<String>) async throws {
    try await ServiceFixture.with { fixture in
      let secret = try await fixture.token([scope]).secret.reveal()
      let victim = try await fixture.token([], name: "victim").record.id
      let calls: [(String, String, String, String?)] = [
        ("list", "GET", "/me/tokens", nil), ("create", "POST", "/me/tokens", #"{"name":"n"}"#),
        ("show", "GET", "/me/tokens/\(victim)", nil), ("change", "PATCH", "/me/tokens/\(victim)", #"{"name":"v"}"#),
        ("delete", "DELETE", "/me/tokens/\(victim)", nil),
      ]
      for (name, method, path, body) in calls {
        let answer = try await fixture.send(method, path, as: secret, body: body)
        #expect((200..<300).contains(answer.status) == allowed.contains(name), "\(name) with \(scope)")
        if !allowed.contains(name) {
          #expect(answer.status == 403 && answer.type == "Forbidden" && answer.message == "Access is forbidden")
        }
      }
    }
  }

  @Test func linksAndActionsAreCutToTheScopes() async throws {
    try await ServiceFixture.with { fixture in
      let id = fixture.admin.record.id
      func keys(_ value: JSONValue?) -> Set<String>? {
        if case .object(let all)? = value { Set(all.keys) } else { nil }
      }
      let full = try await fixture.send("GET", "/me/tokens/\(id)")
      #expect(keys(full.body?["_links"]) == ["self", "userApiTokens"])
      #expect(keys(full.body?["_actions"]) == ["get", "patch", "delete"])
      let narrow = try await fixture.token(["userApiToken.get", "userApiToken.delete"]).secret.reveal()
      let cut = try await fixture.send("GET", "/me/tokens/\(id)", as: narrow)
      #expect(keys(cut.body?["_links"]) == ["self"] && keys(cut.body?["_actions"]) == ["get", "delete"])
      for (text, shown) in [("true", true), ("1", true), ("yes", true), ("", true), ("True", false), ("0", false)] {
        let answer = try await fixture.send("GET", "/me/tokens?_links=\(text)&_actions=\(text)&_embedded=\(text)")
        for name in ["_links", "_actions", "_embedded"] {
          #expect((answer.body?[name] != nil) == shown, "\(name)=\(text)")
        }
        #expect((answer.items.first?["_links"] != nil) == shown)
      }
    }
  }

  @Test func thePublishedNamesAreKnown() {
    #expect(KnownScopes.names.count == 511)
    for (scope, _) in Self.table.prefix(14) { #expect(KnownScopes.contains(scope)) }
    #expect(!KnownScopes.contains("*") && !KnownScopes.contains("userApiToken"))
  }
}
