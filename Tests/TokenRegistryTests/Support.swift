import AsyncHTTPClient
import Foundation
import GatewayTesting
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TokenService
import UserApiTokens

@testable import GatewayKit
@testable import TokenRegistry

/// Settings as a configuration would hold them: `key: value` lines, and where the service token is.
func settings(
  _ lines: [(String, String)] = [], token: (String, String)? = ("env", "TOKEN"), environment: [String: String] = [:]
) throws -> TokenRegistrySettings {
  let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
  func entry(_ key: String, _ value: ConfigNode.Value) -> ConfigNode.Entry {
    ConfigNode.Entry(key: key, keyPosition: position, value: ConfigNode(value, position: position))
  }
  var entries = lines.map { entry($0.0, .scalar($0.1, quoted: false)) }
  if let token { entries.append(entry("token", .mapping([entry(token.0, .scalar(token.1, quoted: false))]))) }
  let issues = IssueCollector()
  let reader = SettingsReader(
    ConfigNode(.mapping(entries), position: position), path: "token-registry", issues: issues,
    environment: environment.merging(["TOKEN": "a.b.c"]) { set, _ in set })
  let decoded = TokenRegistrySettings(reading: reader)
  reader.finish()
  if !issues.isEmpty { throw ConfigurationError(issues: issues.issues) }
  return decoded
}

/// A folder that is gone when the test has ended.
final class TemporaryFolder: Sendable {
  let path = "\(NSTemporaryDirectory())/token-registry-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    return file
  }
}

/// Log lines, kept.
final class LogLines: Sendable {
  private let kept = Mutex<[String]>([])

  var all: [String] { kept.withLock { $0 } }

  /// Waits until a line with that text is there; gives how many have it.
  func count(of text: String) async throws -> Int {
    while !all.contains(where: { $0.contains(text) }) { try await Task.sleep(for: .milliseconds(1)) }
    return all.count { $0.contains(text) }
  }

  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
  }
}

/// The token service over loopback, with a user who may do everything. Its clock is the test's.
struct API: Sendable {
  let service: TokenService
  let user: TokenServiceUser
  let admin: IssuedToken
  let url: String
  let client: UserApiTokensClient

  static func with(
    clock: TestClock, domain: String? = nil, port: Int = 0, database: TokenService.Configuration.Storage = .memory,
    _ body: (API) async throws -> Void
  ) async throws {
    var configuration = TokenService.Configuration(port: port, database: database, issuer: "id.example")
    configuration.now = { Date(timeIntervalSince1970: Double(clock.wall() / 1_000_000) / 1000) }
    let service = try await TokenService(
      configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let user = try service.seedUser(name: "ann", domain: domain)
    let admin = try await service.issueToken(for: user, name: "admin", scopes: ["all.User"])
    try await service.withRunning { address in
      let url = "http://127.0.0.1:\(try #require(address.port))"
      let client = UserApiTokensClient(
        configuration: try .init(baseURL: url), tokens: StaticToken(admin.secret), httpClient: .shared)
      try await body(API(service: service, user: user, admin: admin, url: url, client: client))
    }
  }

  /// A new token; gives its id.
  func make(_ name: String = "t", expires: Date? = nil) async throws -> String {
    try await service.issueToken(for: user, name: name, scopes: ["all.User.read"], expirationDate: expires).record.id
  }

  func deactivate(_ id: String) async throws {
    _ = try await client.userApiToken.patch(apiTokenId: id, ApiTokenPatch(status: .inactive))
  }
}
