import Foundation
import Testing
import UserApiTokens

@testable import TokenService

/// Pages, order and filters.
@Suite struct ListTests {
  @Test func pages() async throws {
    try await ServiceFixture.with { fixture in
      for number in 0..<24 { _ = try await fixture.token([], name: "t\(number < 10 ? "0" : "")\(number)") }
      let first = try await fixture.send("GET", "/me/tokens?perPage=10")
      #expect(first.names == ["admin"] + (0..<9).map { "t0\($0)" })
      #expect(first.body?["count"] == .integer(10) && first.body?["totalCount"] == .integer(25))
      #expect(first.body?["page"] == .integer(0) && first.body?["perPage"] == .integer(10))
      #expect(first.body?["ownerType"] == .string("user") && first.body?["filter"] == nil)
      let last = try await fixture.send("GET", "/me/tokens?perPage=10&page=2")
      #expect(last.names == (19..<24).map { "t\($0)" } && last.body?["count"] == .integer(5))
      #expect(try await fixture.send("GET", "/me/tokens?page=2147483647&perPage=1000").items.isEmpty)
      #expect(try await fixture.send("GET", "/me/tokens").items.count == 25)
      try await UserApiTokensClient.withClient(
        configuration: try .init(baseURL: fixture.base), tokens: StaticToken(fixture.admin.secret)
      ) { client in
        var names: [String] = []
        for try await token in client.userApiTokens.all(sortField: .name, perPage: 7) { names.append(token.name ?? "") }
        #expect(names == ["admin"] + (0..<24).map { "t\($0 < 10 ? "0" : "")\($0)" })
      }
    }
  }

  @Test func order() async throws {
    try await ServiceFixture.with { fixture in
      var ids: [String: String] = ["admin": fixture.admin.record.id]
      for (name, expires) in [("b", 300.0), ("C", 100), ("a", 200)] {
        fixture.clock.advance(10)
        let date = fixture.clock.now.addingTimeInterval(expires)
        ids[name] = try await fixture.token([], name: name, expires: date).record.id
      }
      fixture.clock.advance(10)
      let path = "/me/tokens/\(ids["C"] ?? "")"
      #expect(try await fixture.send("PATCH", path, body: #"{"status":"inactive"}"#).status == 200)
      let cases: [(String, [String])] = [
        ("", ["a", "admin", "b", "C"]), ("sortField=name&sortDirection=asc", ["a", "admin", "b", "C"]),
        ("sortField=name&sortDirection=desc", ["C", "b", "admin", "a"]),
        ("sortField=id", ["admin", "b", "C", "a"]),
        ("sortField=creationDate&sortDirection=desc", ["a", "C", "b", "admin"]),
        ("sortField=lastUpdated", ["admin", "b", "a", "C"]),
        ("sortField=expirationDate", ["C", "a", "b", "admin"]),
        ("sortField=expirationDate&sortDirection=desc", ["admin", "b", "a", "C"]),
      ]
      for (query, names) in cases {
        #expect(try await fixture.send("GET", "/me/tokens?\(query)").names == names, "\(query)")
      }
      #expect(try await fixture.send("GET", "/me/tokens?sortField=status").names.last == "C")
    }
  }

  @Test func filters() async throws {
    try await ServiceFixture.with { fixture in
      for name in ["my token", "My Big Token", "100%_x", "é*é"] { _ = try await fixture.token([], name: name) }
      let cases: [(String, [String])] = [
        ("filterField=name&filter=my%2Atoken", ["My Big Token", "my token"]), ("filter=MY+token", ["my token"]),
        ("filter=token", []), ("filter=%2Atoken%2A", ["My Big Token", "my token"]), ("filter=100%25_x", ["100%_x"]),
        ("filter=100%25%25x", []), ("filter=%C3%89%2A", ["é*é"]), ("filter=%3F%3F%3F%3F%3F", []),
        ("filterField=status&filter=ACT%2A", ["100%_x", "admin", "My Big Token", "my token", "é*é"]),
        ("filterField=status&filter=inactive", []),
        ("filterField=name", ["100%_x", "admin", "My Big Token", "my token", "é*é"]),
        ("filter=", ["100%_x", "admin", "My Big Token", "my token", "é*é"]), ("filter='%20OR%201=1--", []),
      ]
      for (query, names) in cases {
        let answer = try await fixture.send("GET", "/me/tokens?\(query)")
        #expect(answer.names == names && answer.body?["totalCount"] == .integer(Int64(names.count)), "\(query)")
      }
      let answer = try await fixture.send("GET", "/me/tokens?filterField=name&filter=x")
      #expect(answer.body?["filter"] == .string("x") && answer.body?["filterField"] == .string("name"))
    }
  }

  @Test(arguments: [
    ("", "", true), ("", "*", true), ("a", "", false), ("abc", "a*c", true), ("abcbc", "a*bc", true),
    ("abcd", "a*bc", false),
    ("ABC", "*b*", true), ("a*c", "a*c", true), ("abab", "*ab", true), ("aaa", "****", true), ("x", "*x*x*", false),
  ])
  func globs(_ text: String, _ pattern: String, _ expected: Bool) { #expect(Glob.matches(text, pattern) == expected) }

  @Test func aHostilePatternTakesNoTime() {
    let text = String(repeating: "a", count: 255)
    #expect(!Glob.matches(text, String(repeating: "*a", count: 500) + "b"))
  }
}
