import Dispatch
import Foundation
import GatewayKit
import GatewayTesting
import Logging
import NIOCore
import NIOPosix
import SharedStores
import Synchronization
import Testing

/// How a server is reached, and what is said of one that is not.
@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct ConnectionTests {
  @Test func failsAtOnceBetweenAttempts() async throws {
    let closed = try ClosedPort()
    var settings = RedisSettings(host: "127.0.0.1", port: closed.port)
    settings.connectTimeout = .seconds(20)
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await gateways.take(claim).failure == .unreachable)
      let start = ContinuousClock.now
      for _ in 0..<200 { #expect(try await gateways.take(claim).failure != nil) }
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(try await gateways.take(claim).failure == .resting)
    }
  }

  @Test func whatIsOnItsWayIsBounded() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.maxInFlight = 10
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      let claim = try LimitClaim.plenty()
      // While the connection is made, and when it is there.
      for round in 1...2 as ClosedRange<Int64> {
        let answers = try await gateways.take(Array(repeating: [claim], count: 40))
        #expect(answers.count { $0.isAdmitted } == 10 && answers.count { $0.failure == .overloaded } == 30)
        #expect(try await gateways.take(.plenty(cost: 0)).remaining == 1000 - 10 * round)
      }
    }
  }

  /// The rights are those that the README names.
  @Test func authenticates() async throws {
    let rights =
      ["eval", "evalsha", "ping", "select", "time"]
      + ["get", "set", "del", "lindex", "lset", "lpop", "rpop", "rpush", "lrange", "pexpire"]
      + ["hmget", "hset", "hdel", "hgetall"]
    let server = try await RedisServer(
      ["--requirepass", "open sesame", "--user", "gate", "on", ">secret", "~gatehouse:*"] + rights.map { "+\($0)" })
    var settings = server.settings
    func failure() async throws -> (LimitFailure?, String) {
      let log = LogLines()
      let failure = try await Gateways.with(RedisServer.store(settings, logger: log.logger)) { gateways in
        try await gateways.take(.plenty()).failure
      }
      return (failure, log.lines.joined())
    }
    var answer = try await failure()
    #expect(answer.1.contains("NOAUTH"))
    settings.password = Secret(Array("wrong".utf8))
    answer = try await failure()
    #expect(answer.0 == .unreachable && answer.1.contains("WRONGPASS") && !answer.1.contains("wrong"))
    settings.password = Secret(Array("open sesame".utf8))
    settings.database = 3
    answer = try await failure()
    #expect(answer.0 == nil)
    settings.database = 0
    settings.user = "gate"
    settings.password = Secret(Array("secret".utf8))
    try await LimitStoreConformance.check(
      LimitStoreConformance.Subject([RedisServer.store(settings, .caller)]), seeds: 0..<1)
    settings.database = 99
    answer = try await failure()
    #expect(answer.1.contains("ERR"))
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
      try await Gateways.with(RedisServer.store(try RedisSettings(configuration))) { gateways in
        let answers = try await gateways.take(Array(repeating: [try .plenty()], count: 200))
        #expect(answers.allSatisfy { $0.isAdmitted == isTrusted })
        if isTrusted { #expect(answers.last?.remaining == 800) }
      }
    }
  }

  @Test func anAuthorityThatCannotBeReadIsAnIssue() throws {
    var configuration = RedisConfiguration(
      isTLS: true, host: "localhost", port: 1, position: SourcePosition(file: "test.yaml", line: 7, column: 3))
    configuration.authority = "/nowhere/ca.pem"
    let error = #expect(throws: ConfigurationError.self) { _ = try RedisSettings(configuration) }
    #expect(error?.issues.first?.path == "stores.redis.ca" && error?.issues.first?.position?.line == 7)
  }

  @Test func findsAServerByItsName() async throws {
    let server = try await RedisServer()
    var settings = server.settings
    settings.host = "localhost"
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      let answer = try await gateways.take(.plenty())
      #expect(answer.remaining == 999)
    }
    settings.host = "nowhere.invalid"
    settings.connectTimeout = .seconds(2)
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      let answer = try await gateways.take(.plenty())
      #expect(answer.failure == .unreachable)
    }
  }

  /// Whatever is at the other end, an answer or an error comes, and nothing traps.
  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\n\r\n", ":1\r\n", "*-1\r\n", "+PONG\r\n+more\r\n", "-\r\n", "$99999999999\r\n",
    "+PONG\r\n*2\r\n:-1\r\n:0\r\n", "+PONG\r\n*2\r\n:9223372036854775807\r\n:9223372036854775807\r\n",
    "+PONG\r\n*6\r\n:-1\r\n:0\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
    "+PONG\r\n*6\r\n:0\r\n:0\r\n:1000000000\r\n:0\r\n:0\r\n:0\r\n",
    "+PONG\r\n*6\r\n:0\r\n:99999999999\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
    "+PONG\r\n*6\r\n:0\r\n:0\r\n:0\r\n:0\r\n:0\r\n:-9\r\n",
    "+PONG\r\n*0\r\n", "+PONG\r\n:0\r\n", "+PONG\r\n-NOSCRIPT\r\n-NOSCRIPT\r\n", "+PONG\r\n-LOADING soon\r\n", "",
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
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      for claim in [try LimitClaim.plenty(), .concurrent(3, 1), .daily(4, 1, lease: LimitLease(batch: 5, time: 1))] {
        #expect(try await gateways.take(claim).failure != nil)
      }
    }
    try await channel.close()
  }

  /// The name is looked up for longer than a connection may take; what is found late serves the next attempt, and the last
  /// addresses serve while a look-up hangs.
  @Test func aSlowLookUpDoesNotKeepTheServerAway() async throws {
    let server = try await RedisServer()
    let (lookUps, end) = (Counter(), DispatchSemaphore(value: 0))
    var settings = server.settings
    (settings.host, settings.connectTimeout) = ("redis.example", .milliseconds(100))
    settings.lookUp = { _ in
      // The second one does not end.
      if lookUps.next() > 1 { end.wait() } else { Thread.sleep(forTimeInterval: 0.3) }
      return [try SocketAddress(ipAddress: "127.0.0.1", port: 0)]
    }
    defer { end.signal() }
    try await Gateways.with(RedisServer.store(settings)) { gateways in
      let claim = try LimitClaim.plenty(cost: 0)
      for _ in 0..<3 {
        #expect(try await gateways.takeAtLast(claim).isAdmitted)
        server.stop()
        while try await gateways.take(claim).failure == nil {}
        #expect(try await server.start())
      }
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
      #expect(lookUps.next() == 3)
    }
  }

  /// What it says to everybody ends the connection: it is not asked again at once.
  @Test func aReplicaIsAnOutage() async throws {
    let (server, closed) = (try await RedisServer(), try ClosedPort())
    try await Gateways.with(server.store()) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await gateways.take(claim).isAdmitted)
      _ = try await server.command("REPLICAOF", "127.0.0.1", "\(closed.port)")
      #expect(try await Self.failsAndRests(gateways, claim))
      _ = try await server.command("REPLICAOF", "NO", "ONE")
      #expect(try await gateways.takeAtLast(claim).isAdmitted)
    }
  }

  /// As a Redis before 7 says it, and a node of a cluster that has not the keys.
  @Test(arguments: [
    "ERR Error running script (call to f_01): @user_script:8: @user_script: 8: -READONLY You can't write",
    "MOVED 3999 127.0.0.1:6381",
  ])
  func anErrorOfTheServersEndsTheConnection(text: String) async throws {
    try await Self.withAnswers(["-\(text)\r\n"]) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await Self.failsAndRests(gateways, claim))
    }
  }

  /// Whether a request fails and the server is not asked again at once. On a busy machine the rest may be over before the next
  /// request, which then fails like the first.
  private static func failsAndRests(_ gateways: Gateways, _ claim: LimitClaim) async throws -> Bool {
    for turn in 0..<20 {
      switch try await gateways.take(claim).failure {
      case .unreachable: continue
      case .resting: return turn > 0
      default: return false
      }
    }
    return false
  }

  /// Nobody is given more than was wished: half of the batch.
  @Test func moreThanWasWishedIsNoAnswer() async throws {
    let given = { (units: Int) in "*6\r\n" + String(repeating: ":0\r\n", count: 5) + ":\(units)\r\n" }
    for (units, failure) in [(20, nil), (21, .invalid), (1 << 40, .invalid)] as [(Int, LimitFailure?)] {
      try await Self.withAnswers([given(units)]) { gateways in
        let claim = try LimitClaim.plenty(lease: LimitLease(batch: 40, time: 60_000_000_000))
        #expect(try await gateways.take(claim).failure == failure)
      }
    }
    try await Self.withAnswers([given(1)]) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await gateways.take(claim).failure == .invalid)
    }
  }

  /// An answer of another length means that the order is lost.
  @Test func theAnswerToAChangeIsOneNumber() async throws {
    let whole = "*6\r\n" + String(repeating: ":0\r\n", count: 6)
    try await Self.withAnswers([whole, "*2\r\n:0\r\n:0\r\n", whole]) { gateways in
      let claim = try LimitClaim.plenty()
      #expect(try await gateways.take(claim).isAdmitted)
      // What waits behind it fails with it.
      let answers = try await gateways.driver.run(
        [.adjust(claim, by: 1, Gateways.now), .take([claim], Gateways.now)], on: 0)
      #expect(answers.last??.failure == .invalid)
    }
  }

  /// A server that gives these answers, one for each command of a connection after the greeting.
  private static func withAnswers(_ answers: [String], _ body: (Gateways) async throws -> Void) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answerer(["+PONG\r\n"] + answers))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    var settings = RedisSettings(host: "127.0.0.1", port: try #require(channel.localAddress?.port))
    (settings.connectTimeout, settings.timeout) = (.seconds(20), .seconds(20))
    try await Gateways.with(RedisServer.store(settings)) { gateways in try await body(gateways) }
    try await channel.close()
  }

  /// A gateway that ends gives back what it holds in advance, and has nothing to complain about.
  @Test func aLoopThatEndsGivesBackWhatItHolds() async throws {
    let (server, log) = (try await RedisServer(), LogLines())
    let store = RedisServer.store(server.settings, logger: log.logger)
    let lease = LimitLease(batch: 100, time: 60_000_000_000)
    try await Gateways.with(store, loops: 2) { gateways in
      for ledger in [0, 1] { _ = try await gateways.take(.plenty(lease: lease), on: ledger) }
      let answer = try await gateways.take(.plenty(cost: 0))
      #expect(answer.remaining == 923)
    }
    try await Gateways.with(server.store()) { others in
      let answer = try await others.take(.plenty(cost: 0))
      #expect(answer.remaining == 998)
    }
    #expect(log.lines.isEmpty)
  }

  @Test func aStoreThatWasShutDownSaysSo() async throws {
    let server = try await RedisServer()
    let store = server.store()
    try await Gateways.with(store) { gateways in
      let claim = try LimitClaim.plenty(lease: LimitLease(batch: 100, time: 60_000_000_000))
      #expect(try await gateways.take(claim).isAdmitted)
      store.shutdown()
      // Another request's, so that it is known not to be held.
      #expect(try await gateways.take(.plenty(9)).failure == .unreachable)
      try await Gateways.with(server.store()) { others in
        // What was held in advance has been given back.
        let answer = try await others.take(.plenty(cost: 0))
        #expect(answer.remaining == 999)
      }
    }
  }
}

/// Answers each command, whatever it is, with the next text.
private final class Answerer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var received = ""
  private var answers: [String]

  init(_ answers: [String]) { self.answers = answers }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += String(buffer: unwrapInboundIn(data))
    // The name of a command stands first in it.
    while let name = received.firstRange(of: /\$\d+\r\n(PING|EVALSHA|EVAL)\r\n/), !answers.isEmpty {
      received = String(received[name.upperBound...])
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answers.removeFirst())), promise: nil)
    }
  }
}

/// Counts on any thread.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

/// Keeps what is logged.
final class LogLines: Sendable {
  private let kept = Mutex<[String]>([])

  var lines: [String] { kept.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
  }
}
