import Foundation
import Testing
import TokenService
import UserApiTokens

/// What the HTTP layer answers, whatever the action.
@Suite struct HTTPTests {
  @Test func everyAnswerHasTheFields() async throws {
    try await ServiceFixture.with { fixture in
      for path in ["/me/tokens", "/me/tokens/", "/nowhere", "/livez"] {
        let answer = try await fixture.send("GET", path)
        let expected = [
          "cache-control": "no-cache, no-store, must-revalidate", "pragma": "no-cache",
          "x-content-type-options": "nosniff",
          "x-xss-protection": "1; mode=block",
          "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
          "strict-transport-security": "max-age=31536000", "access-control-allow-origin": "*",
          "server": "gatehouse-token-service", "content-type": "application/json",
        ]
        for (name, value) in expected { #expect(answer.headers[name] == value, "\(name) of \(path)") }
      }
    }
  }

  @Test func pathsAndMethods() async throws {
    try await ServiceFixture.with { fixture in
      let id = fixture.admin.record.id
      let cases: [(String, String, Int, String?)] = [
        ("GET", "/me/tokens/", 200, nil), ("GET", "/me/tokens/\(id)/", 200, nil), ("GET", "/livez", 200, nil),
        ("GET", "//me/tokens", 405, "OPTIONS"), ("GET", "/me/tokens//", 400, nil), ("GET", "/", 405, "OPTIONS"),
        ("GET", "/me", 405, "OPTIONS"), ("GET", "/Me/tokens", 405, "OPTIONS"),
        ("GET", "/me/tokens/\(id)/x", 405, "OPTIONS"),
        ("PUT", "/me/tokens", 405, "GET, OPTIONS, POST"), ("HEAD", "/me/tokens", 405, "GET, OPTIONS, POST"),
        ("POST", "/me/tokens/\(id)", 405, "DELETE, GET, OPTIONS, PATCH"), ("DELETE", "/livez", 405, "GET, OPTIONS"),
        ("GET", "/me/tokens/%zz", 400, nil),
      ]
      for (method, path, status, allow) in cases {
        let answer = try await fixture.send(method, path)
        #expect(answer.status == status && answer.headers["allow"] == allow, "\(method) \(path)")
        if status == 405, method != "HEAD" {
          #expect(answer.type == "MethodNotAllowed" && answer.message == "\(method) is not allowed")
        }
      }
    }
  }

  @Test func preflight() async throws {
    try await ServiceFixture.with { fixture in
      let answer = try await fixture.send("OPTIONS", "/anything", as: nil, headers: [("Origin", "https://app.example")])
      #expect(answer.status == 204 && answer.headers["content-length"] == nil)
      #expect(answer.headers["access-control-allow-origin"] == "https://app.example")
      #expect(answer.headers["vary"] == "origin" && answer.headers["access-control-max-age"] == "86400")
      #expect(answer.headers["access-control-allow-headers"]?.contains("losantdomain") == true)
    }
  }

  @Test func bodiesThatAreNotJSON() async throws {
    try await ServiceFixture.with { fixture in
      for body in ["{", "nope", #"{"name":}"#, "\u{FEFF}", String(repeating: "[", count: 100_000)] {
        let answer = try await fixture.send("POST", "/me/tokens", as: nil, body: body)
        #expect(answer.status == 400 && answer.type == nil)
        #expect(answer.body?["code"] == .string("InvalidContent"))
        #expect(answer.message?.hasPrefix("Invalid JSON: ") == true)
      }
      let path = "/me/tokens/\(fixture.admin.record.id)"
      #expect(try await fixture.send("DELETE", path, body: "{").status == 400)
      for (name, value, status) in [
        ("Content-Type", "text/plain", 415), ("Content-Type", "Application/JSON; charset=utf-8", 201),
        ("Content-Encoding", "gzip", 415), ("Content-Encoding", "identity", 201),
      ] {
        let answer = try await fixture.send("POST", "/me/tokens", headers: [(name, value)], body: #"{"name":"n"}"#)
        #expect(answer.status == status, "\(name): \(value)")
      }
      #expect(
        try await fixture.send("DELETE", path, headers: [("Content-Type", "application/json")], body: "{}").status
          == 200)
    }
  }

  @Test func bodiesAreBounded() async throws {
    try await ServiceFixture.with({ $0.maximumBodySize = 10_000 }) { fixture in
      let blank = String(repeating: " ", count: 9988)
      #expect(try await fixture.send("POST", "/me/tokens", body: #"{"name":"n"}"# + blank).status == 201)
      let answer = try await fixture.send("POST", "/me/tokens", body: #"{"name":"n"}"# + blank + " ")
      #expect(answer.status == 413 && answer.body?["code"] == .string("RequestEntityTooLarge"))
      let large = try await fixture.send("DELETE", "/me/tokens/\(fixture.admin.record.id)", body: blank + blank)
      #expect(large.status == 413)
      #expect(try await fixture.send("GET", "/me/tokens").items.count == 2)
    }
  }

  @Test func manyAtOnce() async throws {
    try await ServiceFixture.with { fixture in
      let ids = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<100 {
          group.addTask { try await fixture.send("POST", "/me/tokens", body: #"{"name":"\#(number)"}"#).id }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      let listed = try await fixture.send("GET", "/me/tokens?perPage=1000").items.compactMap { $0["id"]?.stringValue }
      #expect(ids.count == 100 && Set(listed) == ids.union([fixture.admin.record.id]))
    }
  }
}
