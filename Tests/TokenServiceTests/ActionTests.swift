import Foundation
import Logging
import Testing
import TokenService
import UserApiTokens

/// The five actions over a real socket.
@Suite struct ActionTests {
  @Test func lifeOfAToken() async throws {
    try await ServiceFixture.with { fixture in
      let made = try await fixture.send(
        "POST", "/me/tokens",
        body: #"{"name":"n","description":"d","scope":["all.User.read"],"expirationDate":"2030-01-01T00:00:00.000Z"}"#)
      #expect(made.status == 201)
      let secret = try #require(made.body?["token"]?.stringValue)
      #expect(made.body?["expirationDate"] == .string("2030-01-01T00:00:00.000Z"))
      #expect(made.body?["creatorType"] == .string("apiToken"))
      #expect(made.body?["creatorId"] == .string(fixture.admin.record.id))
      #expect(made.body?["ownerId"] == .string(fixture.user.id))
      let path = "/me/tokens/\(made.id)"
      let shown = try await fixture.send("GET", path, as: secret)
      #expect(shown.status == 200 && shown.body?["token"] == nil && shown.body?["description"] == .string("d"))
      let forbidden = try await fixture.send("DELETE", path, as: secret)
      #expect(forbidden.status == 403 && forbidden.message == "Access is forbidden")
      fixture.clock.advance(5)
      let changed = try await fixture.send(
        "PATCH", path, body: #"{"name":"m","orgRoles":[{"orgId":"sandbox","role":"view"}]}"#)
      #expect(changed.status == 200 && changed.body?["name"] == .string("m") && changed.body?["token"] == nil)
      #expect(changed.body?["description"] == .string("d") && changed.body?["lastUpdated"] != made.body?["lastUpdated"])
      let gone = try await fixture.send("DELETE", path)
      #expect(gone.status == 200 && gone.body == .object(["success": .bool(true)]))
      let absent = try await fixture.send("GET", path)
      #expect(absent.status == 404)
      #expect(absent.body == .object(["type": .string("NotFound"), "message": .string("Api Token was not found")]))
      let refused = try await fixture.send("GET", "/me/tokens", as: secret)
      #expect(refused.status == 401 && refused.message == "Invalid access token")
    }
  }

  @Test func theSecretIsShownOnceAndNotStored() async throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).sqlite").path
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    try await ServiceFixture.with({ $0.database = .file(path) }) { fixture in
      let made = try await fixture.send("POST", "/me/tokens", body: #"{"name":"n"}"#)
      let secret = try #require(made.body?["token"]?.stringValue)
      let list = try await fixture.send("GET", "/me/tokens")
      #expect(list.items.count == 2 && list.items.allSatisfy { $0["token"] == nil })
      let signature = try #require(secret.split(separator: ".").last)
      for end in ["", "-wal"] {
        let bytes = try #require(FileManager.default.contents(atPath: path + end))
        #expect(bytes.range(of: Data(signature.utf8)) == nil)
        let mode = try FileManager.default.attributesOfItem(atPath: path + end)[.posixPermissions] as? Int
        #expect(mode == 0o600)
      }
    }
  }

  @Test func whatIsAbsentHasADefault() async throws {
    try await ServiceFixture.with { fixture in
      let made = try await fixture.send("POST", "/me/tokens", body: #"{"name":"n"}"#)
      #expect(made.body?["scope"] == .array([.string("all.User")]) && made.body?["status"] == .string("active"))
      let claims = try claims(try #require(made.body?["token"]?.stringValue))
      #expect(claims["exp"] == nil && claims["aud"] == nil && claims["iat"] == .integer(1_800_000_000))
    }
  }

  @Test func inactiveIsRefusedUntilActive() async throws {
    try await ServiceFixture.with { fixture in
      let token = try await fixture.token(["all.User"])
      let path = "/me/tokens/\(token.record.id)"
      for (status, expected) in [("inactive", 401), ("active", 200)] {
        #expect(try await fixture.send("PATCH", path, body: #"{"status":"\#(status)"}"#).status == 200)
        #expect(try await fixture.send("GET", "/me/tokens", as: token.secret.reveal()).status == expected)
      }
    }
  }

  @Test func expires() async throws {
    try await ServiceFixture.with { fixture in
      let token = try await fixture.token(["all.User"], expires: fixture.clock.now.addingTimeInterval(60))
      #expect(try claims(token.secret.reveal())["exp"] == .integer(1_800_000_060))
      #expect(try await fixture.send("GET", "/me/tokens", as: token.secret.reveal()).status == 200)
      fixture.clock.advance(60)
      let answer = try await fixture.send("GET", "/me/tokens", as: token.secret.reveal())
      #expect(answer.status == 401 && answer.message == "Access token has expired")
    }
  }

  @Test func aForeignTokenIsNotThere() async throws {
    try await ServiceFixture.with { fixture in
      let bob = try fixture.service.seedUser(name: "bob")
      let foreign = try await fixture.service.issueToken(for: bob, name: "b", scopes: ["all.User"])
      let path = "/me/tokens/\(foreign.record.id)"
      for (method, body) in [("GET", nil), ("PATCH", #"{"name":"x"}"#), ("DELETE", nil)] {
        #expect(try await fixture.send(method, path, body: body).status == 404)
      }
      #expect(try await fixture.send("GET", "/me/tokens", as: foreign.secret.reveal()).names == ["b"])
    }
  }

  @Test func domainsAreApart() async throws {
    try await ServiceFixture.with { fixture in
      let other = try fixture.service.seedUser(name: "ann", domain: "Other.Example")
      #expect(other.id != fixture.user.id && other.domain == "other.example")
      let token = try await fixture.service.issueToken(for: other, name: "o", scopes: ["all.User"]).secret.reveal()
      #expect(try claims(token)["iss"] == .string("other.example"))
      let cases: [(String, String?, Int)] = [
        (token, "other.example", 200), (token, "OTHER.example", 200), (token, "id.example", 401), (token, nil, 200),
        (token, "", 200), (token, "third.example", 401), ("admin", "other.example", 401), ("admin", "id.example", 200),
      ]
      for (secret, domain, status) in cases {
        let answer = try await fixture.send(
          "GET", "/me/tokens", as: secret, headers: domain.map { [("losantdomain", $0)] } ?? [])
        #expect(answer.status == status, "\(domain ?? "no domain")")
        if status == 200 { #expect(answer.items.count == 1) }
      }
      let made = try await fixture.send("POST", "/me/tokens", as: token, body: #"{"name":"n"}"#)
      let secret = try #require(made.body?["token"]?.stringValue)
      #expect(try claims(secret)["iss"] == .string("other.example"))
    }
  }

  @Test func aUserHasABoundedNumberOfTokens() async throws {
    try await ServiceFixture.with({ $0.maximumTokensPerUser = 3 }) { fixture in
      #expect(try await fixture.send("POST", "/me/tokens", body: #"{"name":"2"}"#).status == 201)
      #expect(try await fixture.send("POST", "/me/tokens", body: #"{"name":"3"}"#).status == 201)
      let answer = try await fixture.send("POST", "/me/tokens", body: #"{"name":"4"}"#)
      #expect(answer.status == 400 && answer.type == "Validation")
      await #expect(throws: TokenServiceError.tooManyTokens(limit: 3)) { try await fixture.token(["all.User"]) }
    }
  }

  @Test func aUserOfAnotherServiceGetsNoToken() async throws {
    let other = try await TokenService(configuration: .init(issuer: "id.example"), logger: .init(label: "other"))
    let stranger = try other.seedUser(name: "ann")
    try await ServiceFixture.with { fixture in
      await #expect(throws: TokenServiceError.unknownUser(stranger.id)) {
        try await fixture.service.issueToken(for: stranger, name: "n", scopes: ["all.User"])
      }
      let count = try fixture.service.tokenCount(of: stranger)
      #expect(count == 0)
    }
  }

  @Test(arguments: ["", "http://a", "a b", "a/b", String(repeating: "a", count: 254)])
  func namesThatAreNoDomain(_ name: String) async throws {
    await #expect(throws: TokenServiceError.invalidDomain(name)) {
      try await TokenService(configuration: .init(issuer: name), logger: .init(label: "test"))
    }
  }
}
