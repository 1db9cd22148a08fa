import GatewayKit
import GatewayTesting
import NIOCore
import NIOPosix
import SharedStores
import Testing

@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct ConnectionTests {
  private let key = LimitKey(high: 1, low: 2)

  private func rule() throws -> LimitRule {
    let rate = try #require(Rate(count: 1, period: .seconds(3600)))
    return try #require(LimitRule(rate: rate, burst: 1000))
  }

  private func take(_ store: RedisLimitStore) async throws -> LimitDecision {
    try await store.take(try rule(), key: key, cost: 1, now: 0)
  }

  private func error(_ store: RedisLimitStore) async throws -> RedisError? {
    do {
      _ = try await take(store)
      return nil
    } catch {
      return try #require(error as? RedisError)
    }
  }

  /// Asks until the pauses between attempts are over.
  private func takeAtLast(_ store: RedisLimitStore) async throws -> LimitDecision {
    for _ in 0..<2000 {
      if let decision = try? await take(store) { return decision }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw HarnessError.timeout("the store does not come back")
  }

  @Test func aRestartedServerIsFoundAgain() async throws {
    let server = try await RedisServer()
    let store = server.store()
    #expect(try await take(store).remaining == 999)
    server.stop()
    for _ in 0..<20 { #expect(try await error(store) != nil) }
    #expect(try await server.start())
    // What was in memory is gone, and so are the scripts.
    #expect(try await takeAtLast(store).remaining == 999)
    #expect(try await take(store).remaining == 998)
  }

  @Test func failsAtOnceBetweenAttempts() async throws {
    let closed = try ClosedPort()
    var settings = RedisSettings(host: "127.0.0.1", port: closed.port)
    settings.connectTimeout = .seconds(20)
    let store = RedisServer.store(settings)
    var errors: [RedisError] = []
    for _ in 0..<200 { errors.append(try #require(try await error(store))) }
    guard case .unreachable = errors[0] else { throw HarnessError.timeout("\(errors[0])") }
    #expect(errors.contains(.resting))
  }

  /// The time that connecting may take is far longer, and has nothing to do with an answer's.
  @Test(.timeLimit(.minutes(2))) func aSilentServerEndsTheConnection() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.connectTimeout = .seconds(3600)
    settings.timeout = .milliseconds(100)
    let store = RedisServer.store(settings)
    _ = try await takeAtLast(store)
    server.pause()
    #expect(try await error(store) == .timeout)
    server.resume()
    // The late answer of the old connection is nobody's.
    #expect(try await takeAtLast(store).verdict == .admitted)
  }

  @Test func whatIsOnItsWayIsBounded() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.maxInFlight = 10
    let store = RedisServer.store(settings)
    _ = try await take(store)
    server.pause()
    let errors = try await withThrowingTaskGroup(of: RedisError?.self) { group in
      for _ in 0..<40 { group.addTask { try await error(store) } }
      var errors: [RedisError] = []
      for try await error in group {
        if let error { errors.append(error) }
        // All that find no room have said so; the others get their answer.
        if errors.count == 30 { server.resume() }
      }
      return errors
    }
    #expect(errors == Array(repeating: .overloaded, count: 30))
    #expect(try await take(store).remaining == 988)
  }

  @Test func authenticates() async throws {
    let server = try await RedisServer([
      "--requirepass", "open sesame", "--user", "gate", "on", ">secret", "~gatehouse:*", "+eval", "+evalsha", "+time",
      "+get", "+set", "+del", "+ping", "+select",
    ])
    var settings = server.settings
    #expect(try await error(RedisServer.store(settings)) == .rejected("NOAUTH"))
    settings.password = Secret(Array("wrong".utf8))
    let refused = try #require(try await error(RedisServer.store(settings)))
    #expect(refused == .rejected("WRONGPASS") && !"\(refused)".contains("wrong"))
    settings.password = Secret(Array("open sesame".utf8))
    settings.database = 3
    #expect(try await take(RedisServer.store(settings)).remaining == 999)
    settings.database = 0
    settings.user = "gate"
    settings.password = Secret(Array("secret".utf8))
    // Another database, so another allowance. These rights are all that the store needs.
    let store = RedisServer.store(settings)
    #expect(try await take(store).remaining == 999)
    try await store.giveBack(try rule(), key: key, cost: 1, now: 0)
    #expect(try await take(store).remaining == 999)
    settings.database = 99
    #expect(try await error(RedisServer.store(settings)) == .rejected("ERR"))
  }

  @Test func speaksTLS() async throws {
    let (certificate, other) = (try Certificate(), try Certificate())
    let server = try await RedisServer(
      [
        "--tls-replication", "no", "--tls-auth-clients", "no", "--tls-cert-file", certificate.path, "--tls-key-file",
        certificate.keyPath,
      ], tls: true)
    for (file, isTrusted) in [(certificate.path, true), (other.path, false)] {
      var configuration = RedisConfiguration(
        isTLS: true, host: "127.0.0.1", port: server.port,
        position: SourcePosition(file: "test.yaml", line: 1, column: 1))
      configuration.authority = file
      configuration.connectTimeout = .seconds(20)
      configuration.timeout = .seconds(20)
      let store = RedisServer.store(try RedisSettings(configuration))
      #expect(((try? await take(store)) != nil) == isTrusted)
    }
  }

  @Test func anAuthorityThatCannotBeReadIsAnIssue() throws {
    var configuration = RedisConfiguration(
      isTLS: true, host: "localhost", port: 1, position: SourcePosition(file: "test.yaml", line: 7, column: 3))
    configuration.authority = "/nowhere/ca.pem"
    let error = #expect(throws: ConfigurationError.self) { _ = try RedisSettings(configuration) }
    #expect(error?.issues.first?.path == "stores.redis.ca" && error?.issues.first?.position?.line == 7)
  }

  /// Whatever is at the other end, an answer or an error comes, and nothing traps.
  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\n\r\n", ":1\r\n", "*-1\r\n", "+PONG\r\n+more\r\n", "-\r\n", "$99999999999\r\n",
    "+PONG\r\n*2\r\n:-1\r\n:0\r\n", "+PONG\r\n*2\r\n:9223372036854775807\r\n:9223372036854775807\r\n",
  ])
  func aStrangerIsAnError(says text: String) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.writeAndFlush(ByteBuffer(string: text))
      }
      .bind(host: "127.0.0.1", port: 0).get()
    var settings = RedisSettings(host: "127.0.0.1", port: try #require(channel.localAddress?.port))
    settings.connectTimeout = .milliseconds(500)
    settings.timeout = .milliseconds(500)
    let store = RedisServer.store(settings)
    #expect(try await error(store) != nil)
    try await channel.close()
  }

  @Test func aStoreThatWasShutDownSaysSo() async throws {
    let server = try await RedisServer()
    let store = server.store()
    _ = try await take(store)
    store.shutdown()
    #expect(try await error(store) == .disconnected)
  }
}
