import Foundation
import Testing
import TokenService
import UserApiTokens

/// The commands, as a person runs them.
@Suite struct CommandTests {
  private func environment(_ fixture: ServiceFixture) -> [String: String] {
    ["GATEHOUSE_API": fixture.base, "GATEHOUSE_TOKEN": fixture.admin.secret.reveal()]
  }

  @Test func lifeOfAToken() async throws {
    try await ServiceFixture.with { fixture in
      let environment = environment(fixture)
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).token").path
      defer { try? FileManager.default.removeItem(atPath: file) }
      let made = try await GatehouseProcess.run(
        [
          "tokens", "create", "nightly", "--scope", "all.User.read", "--expires", "2030-01-01", "--org-role",
          "sandbox=view",
          "--secret-file", file, "--json",
        ], environment: environment)
      #expect(made.status == 0 && made.errors.isEmpty)
      let token = try JSONDecoder().decode(ApiToken.self, from: Data(made.out.utf8))
      #expect(token.token == nil && token.scope == ["all.User.read"] && token.orgRoles?.first?.role == .view)
      let secret = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
      #expect(try await fixture.send("GET", "/me/tokens", as: secret).status == 200)
      let again = try await GatehouseProcess.run(
        ["tokens", "create", "x", "--secret-file", file], environment: environment)
      #expect(again.status == 64 && again.errors.contains("File exists"))
      let list = try await GatehouseProcess.run(
        ["tokens", "list", "--all", "--sort", "name", "--token-file", file],
        environment: ["GATEHOUSE_API": fixture.base])
      #expect(list.status == 0)
      #expect(list.out.split(separator: "\n").map { $0.split(separator: " ")[1] } == ["NAME", "admin", "nightly"])
      let update = try await GatehouseProcess.run(
        ["tokens", "update", token.id, "--status", "inactive"], environment: environment)
      #expect(update.status == 0 && update.out.contains("status: inactive"))
      let show = try await GatehouseProcess.run(["tokens", "show", token.id], environment: environment)
      #expect(show.out.contains("name: nightly") && !show.out.contains("token:"))
      let gone = try await GatehouseProcess.run(["tokens", "delete", token.id], environment: environment)
      #expect(gone.status == 0 && gone.out == "deleted \(token.id)\n")
      let absent = try await GatehouseProcess.run(["tokens", "show", token.id], environment: environment)
      #expect(absent.status == 1 && absent.out.isEmpty)
      #expect(absent.errors.contains("404 NotFound: Api Token was not found"))
    }
  }

  @Test func namesCannotSteerTheTerminal() async throws {
    try await ServiceFixture.with { fixture in
      _ = try await fixture.token([], name: "a\u{1B}[2Jb\nc")
      let list = try await GatehouseProcess.run(["tokens", "list"], environment: environment(fixture))
      #expect(list.out.contains("a\u{FFFD}[2Jb\u{FFFD}c"))
    }
  }

  @Test func errorsTellWhatToTry() async throws {
    try await ServiceFixture.with { fixture in
      let none = try await GatehouseProcess.run(["tokens", "list", "--api", fixture.base])
      #expect(none.status == 1 && none.errors.contains("403 Forbidden") && none.errors.contains("GATEHOUSE_TOKEN"))
      let domain = try await GatehouseProcess.run(
        ["tokens", "list", "--domain", "other.example"], environment: environment(fixture))
      #expect(domain.status == 1 && domain.errors.contains("401 Unauthorized") && domain.errors.contains("--domain"))
      #expect(!domain.errors.contains(fixture.admin.secret.reveal()))
      let usage = try await GatehouseProcess.run(
        ["tokens", "list", "--sort", "color"], environment: environment(fixture))
      #expect(usage.status == 64 && usage.errors.contains("creationDate"))
    }
  }
}
