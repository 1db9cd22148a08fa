import Foundation
import Synchronization
import Testing
import UserApiTokens

/// The real program is killed while it writes: what it had acknowledged must be there afterwards.
@Suite struct KillTests {
  /// After how many acknowledged writes of a round the program is killed.
  static let moments = [1, 3, 10, 25, 60]

  @Test func acknowledgedTokensSurviveAKill() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kill-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("t.sqlite").path
    let tokenFile = folder.appendingPathComponent("admin.token").path
    var arguments = [
      "token-service", "--bind", "127.0.0.1:0", "--database", file, "--issuer", "id.example", "--seed-user", "admin",
    ]
    var acknowledged: [String: SecretToken] = [:]
    for (round, moment) in Self.moments.enumerated() {
      let program = try GatehouseProcess(arguments + (round == 0 ? ["--seed-token-file", tokenFile] : []))
      let address = try await program.address()
      let secret = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
      try await check(acknowledged, address, SecretToken(secret))
      let made = try await writeUntilKilled(address, SecretToken(secret), moment) {
        _ = try? await program.stop(SIGKILL)
      }
      #expect(made.count >= moment)
      acknowledged.merge(made) { $1 }
    }
    arguments += ["--verbose"]
    let program = try GatehouseProcess(arguments)
    let secret = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
    try await check(acknowledged, try await program.address(), SecretToken(secret))
    let status = try await program.stop(SIGTERM)
    #expect(status == 0)
    #expect(acknowledged.count >= Self.moments.reduce(0, +))
  }

  /// Writes from several tasks and kills in the middle; the tokens whose creation was acknowledged.
  private func writeUntilKilled(
    _ address: String, _ secret: SecretToken, _ moment: Int, _ kill: @escaping @Sendable () async -> Void
  ) async throws -> [String: SecretToken] {
    let ledger = Ledger()
    try await UserApiTokensClient.withClient(
      configuration: try .init(baseURL: address, timeout: .seconds(10)), tokens: StaticToken(secret)
    ) { client in
      await withTaskGroup(of: Void.self) { group in
        for worker in 0..<4 {
          group.addTask {
            let post = ApiTokenPost(name: "w\(worker)", scope: ["userApiToken.get"])
            while let token = try? await client.userApiTokens.post(post) {
              if ledger.add(token) == moment { await kill() }
            }
          }
        }
      }
    }
    return ledger.tokens
  }

  /// The creations that the service has acknowledged.
  private final class Ledger: Sendable {
    private let made = Mutex<[String: SecretToken]>([:])
    var tokens: [String: SecretToken] { made.withLock { $0 } }

    func add(_ token: ApiToken) -> Int {
      made.withLock { made in
        made[token.id] = token.token
        return made.count
      }
    }
  }

  /// Every acknowledged token is listed, and works.
  private func check(_ acknowledged: [String: SecretToken], _ address: String, _ secret: SecretToken) async throws {
    let configuration = try UserApiTokensClient.Configuration(baseURL: address)
    let listed = try await UserApiTokensClient.withClient(configuration: configuration, tokens: StaticToken(secret)) {
      client in
      var ids: Set<String> = []
      for try await token in client.userApiTokens.all(perPage: 1000) { ids.insert(token.id) }
      return ids
    }
    for (id, token) in acknowledged {
      #expect(listed.contains(id), "token \(id) was acknowledged and is gone")
      let shown = try await UserApiTokensClient.withClient(configuration: configuration, tokens: StaticToken(token)) {
        try await $0.userApiToken.get(apiTokenId: id)
      }
      #expect(shown.id == id)
    }
  }
}
