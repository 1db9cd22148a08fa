import Foundation
import GatewayKit
import GatewayTesting
import Logging
import NIOCore
import NIOPosix
import SharedStores
import Synchronization
import Testing

/// A real server of a test's own, on a free port of this machine, without persistence. It ends with the object.
final class RedisServer {
  private(set) var port = 0
  private let options: [String]
  private let isTLS: Bool
  private var process: Process?

  /// Starts a server.
  init(_ options: [String] = [], tls: Bool = false) async throws {
    self.options = options
    isTLS = tls
    // Another process may take the free port first, so another one is tried then.
    for _ in 0..<5 {
      port = try Self.freePort()
      if try await start() { return }
    }
    throw HarnessError.timeout("redis-server does not start")
  }

  deinit { stop() }

  /// Starts it (again) on its port; false when it ended at once.
  @discardableResult
  func start() async throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.path))
    let ports = isTLS ? ["--tls-port", "\(port)", "--port", "0"] : ["--port", "\(port)"]
    let rest = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
    process.arguments = ports + rest + options
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    for _ in 0..<1000 {
      guard process.isRunning else { return false }
      if await answers() { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw HarnessError.timeout("redis-server does not answer")
  }

  /// Ends it without any goodbye.
  func stop() {
    guard let process, process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  /// Stops it from answering, and lets it go on; its connections stay.
  func pause() { if let process { kill(process.processIdentifier, SIGSTOP) } }
  func resume() { if let process { kill(process.processIdentifier, SIGCONT) } }

  /// Something listens, whether or not it wants a password or TLS.
  private func answers() async -> Bool {
    let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port).get()
    try? await channel?.close()
    return channel != nil
  }

  private static func freePort() throws -> Int { try ClosedPort().port }
}

// MARK: - Installation

extension RedisServer {
  /// Where the server's executable is; nil when it is nowhere and cannot be installed.
  static let path: String? = {
    if let found = find() { return found }
    // Without a password, or not at all. `Tests/run` installs it as well.
    let apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq", "-y", "install", "redis-server"]
    _ = run(geteuid() == 0 ? apt : ["sudo", "-n"] + apt)
    return find()
  }()

  static let isThere = path != nil
  static let missing: Comment = "redis-server is missing and cannot be installed: install the package redis-server"

  private static func find() -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin", "/usr/sbin"]
    return folders.map { "\($0)/redis-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func run(_ command: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}

// MARK: - Stores

extension RedisServer {
  /// Patient settings, so that a busy machine fails no test.
  var settings: RedisSettings {
    var settings = RedisSettings(host: "127.0.0.1", port: port)
    settings.connectTimeout = .seconds(20)
    settings.timeout = .seconds(20)
    return settings
  }

  func store(_ time: RedisLimitStore.TimeSource = .server) -> RedisLimitStore { Self.store(settings, time) }

  static func store(
    _ settings: RedisSettings, _ time: RedisLimitStore.TimeSource = .server, logger: Logger? = nil
  ) -> RedisLimitStore {
    RedisLimitStore(
      settings, logger: logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, time: time)
  }

  /// The stores of several gateways.
  func stores(_ count: Int, _ time: RedisLimitStore.TimeSource = .caller) -> [RedisLimitStore] {
    var settings = settings
    settings.gateways = count
    return (0..<count).map { _ in Self.store(settings, time) }
  }

  /// Sends a command as an operator would, over a connection of its own.
  func command(_ words: String...) async throws -> RESPValue { try await command(words) }

  func command(_ words: [String]) async throws -> RESPValue { try await raw(RESPCommand(words).bytes) }

  /// The same with a command that is rendered already.
  func raw(_ command: ByteBuffer) async throws -> RESPValue { try await Self.raw(command, port: port) }

  static func raw(_ command: ByteBuffer, port: Int) async throws -> RESPValue {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(command)
      var bytes = ByteBuffer()
      for try await part in inbound {
        bytes.writeImmutableBuffer(part)
        if let reply = try RESPParser.next(&bytes) { return reply }
      }
      throw HarnessError.timeout("no reply")
    }
  }
}
