import Foundation
import GRDB
import Logging
import NIOCore
import Testing
import UserApiTokens

@testable import TokenService

/// What stays when the service ends.
@Suite struct StorageTests {
  private func withFile(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).sqlite").path
    defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
    try await body(path)
  }

  @Test func aFileKeepsTokensAndKey() async throws {
    try await withFile { path in
      var secret = ""
      var keys: JSONValue?
      try await ServiceFixture.with({ $0.database = .file(path) }) { fixture in
        secret = fixture.admin.secret.reveal()
        keys = try await fixture.send("GET", "/.well-known/jwks.json").body
      }
      try await ServiceFixture.with({ $0.database = .file(path) }) { fixture in
        let now = try await fixture.send("GET", "/.well-known/jwks.json").body
        #expect(now == keys)
        #expect(try await fixture.send("GET", "/me/tokens", as: secret).items.count == 2)
        #expect(try fixture.service.tokenCount(of: fixture.user) == 2)
      }
    }
  }

  @Test func acknowledgedWritesAreOnTheDisk() async throws {
    try await withFile { path in
      let writer = try TokenDatabase.open(.file(path))
      let (journal, synchronous) = try await writer.write { database in
        (
          try String.fetchOne(database, sql: "PRAGMA journal_mode"),
          try Int.fetchOne(database, sql: "PRAGMA synchronous")
        )
      }
      #expect(journal == "wal" && synchronous == 2)
      try writer.close()
    }
  }

  @Test func aFileThatIsNoDatabase() async throws {
    try await withFile { path in
      try Data("this is not a database, and never was one".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: TokenServiceError.self) { try TokenDatabase.open(.file(path)) }
      #expect(throws: TokenServiceError.self) { try TokenDatabase.open(.file("/nowhere/at/all.sqlite")) }
    }
  }

  @Test func anOpenFileLosesItsMode() async throws {
    try await withFile { path in
      #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644]))
      try TokenDatabase.open(.file(path)).close()
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func aPortInUseIsAnError() async throws {
    try await ServiceFixture.with { fixture in
      let port = try #require(fixture.service.boundAddress?.port)
      let second = try await TokenService(configuration: .init(port: port), logger: .init(label: "second"))
      await #expect(throws: (any Error).self) { try await second.withRunning { _ in } }
    }
  }
}
