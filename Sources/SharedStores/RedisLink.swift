import GatewayKit
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// A connection to the server that is made when it is first asked for and again after it was lost. Lives on one loop; may
/// be asked from any thread.
///
/// While the server cannot be reached, commands fail at once, and an attempt is made by the first command after a pause of
/// 50 ms that doubles up to 2 s. Nothing is attempted while nobody asks.
final class RedisLink: Sendable {
  private struct Request {
    let command: RESPCommand
    let promise: EventLoopPromise<RESPValue>
  }

  private enum Phase {
    case idle
    case connecting
    case ready(RedisHandler, since: NIODeadline)
    case resting(until: NIODeadline)
    case shutDown
  }

  private struct State {
    var phase = Phase.idle
    /// What waits for the connection; bounded like what is on its way.
    var waiting = CircularBuffer<Request>()
    /// Failures in a row; a connection that did not last counts as one.
    var failures = 0
  }

  private let settings: RedisSettings
  private let logger: Logger
  private let loop: any EventLoop
  private let state: NIOLoopBoundBox<State>

  init(_ settings: RedisSettings, on loop: any EventLoop, logger: Logger) {
    self.settings = settings
    self.loop = loop
    self.logger = logger
    state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// Sends a command and waits for its answer, at most as long as the settings say.
  func ask(_ command: RESPCommand) async throws -> RESPValue {
    let promise = loop.makePromise(of: RESPValue.self)
    loop.execute { self.submit(Request(command: command, promise: promise)) }
    return try await promise.futureResult.get()
  }

  /// Ends the connection for good.
  func shutdown() {
    loop.execute {
      if case .ready(let handler, _) = self.state.value.phase { handler.end(.disconnected) }
      self.state.value.phase = .shutDown
    }
  }

  private func submit(_ request: Request) {
    switch state.value.phase {
    case .ready(let handler, _): handler.send(request.command, within: settings.timeout.timeAmount, request.promise)
    case .connecting: wait(request)
    case .resting(let end) where end > loop.now: request.promise.fail(RedisError.resting)
    case .idle, .resting:
      wait(request)
      connect()
    case .shutDown: request.promise.fail(RedisError.disconnected)
    }
  }

  private func wait(_ request: Request) {
    guard state.value.waiting.count < settings.maxInFlight else { return request.promise.fail(RedisError.overloaded) }
    state.value.waiting.append(request)
  }
}

// MARK: - Connecting

extension RedisLink {
  private func connect() {
    state.value.phase = .connecting
    let settings = settings
    ClientBootstrap(group: loop)
      .connectTimeout(settings.connectTimeout.timeAmount)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls = settings.tls { try Self.addTLS(tls, host: settings.host, to: channel) }
          try channel.pipeline.syncOperations.addHandler(RedisHandler(maxInFlight: settings.maxInFlight))
        }
      }
      .connect(host: settings.host, port: settings.port)
      .whenComplete { result in
        do {
          self.greet(try result.get().pipeline.syncOperations.handler(type: RedisHandler.self))
        } catch {
          self.lost(.unreachable("\(error)"))
        }
      }
  }

  private static func addTLS(_ context: NIOSSLContext, host: String, to channel: any Channel) throws {
    // A name in a certificate is no address (RFC 6066 section 3), so an address is not sent as one.
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  /// Authenticates and chooses the database; only then may others use the connection.
  private func greet(_ handler: RedisHandler) {
    handler.ended = { [weak self] error in self?.lost(error) }
    var steps: [EventLoopFuture<Void>] = []
    for command in greeting {
      let promise = loop.makePromise(of: RESPValue.self)
      handler.send(command, within: settings.connectTimeout.timeAmount, promise)
      steps.append(promise.futureResult.flatMapThrowing(Self.accept))
    }
    EventLoopFuture.andAllSucceed(steps, on: loop).assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.ready(handler)
      case .failure(let error):
        let error = error as? RedisError ?? .disconnected
        handler.end(error)
        self.lost(error)
      }
    }
  }

  private var greeting: [RESPCommand] {
    var commands: [RESPCommand] = []
    if let password = settings.password {
      let user = settings.user.map { [ByteBuffer(string: $0)] } ?? []
      commands.append(RESPCommand([ByteBuffer(string: "AUTH")] + user + [ByteBuffer(bytes: password.bytes)]))
    }
    commands.append(RESPCommand(settings.database == 0 ? ["PING"] : ["SELECT", "\(settings.database)"]))
    return commands
  }

  /// Only the code of an error is kept: its text may repeat the command, and so the password.
  private static func accept(_ reply: RESPValue) throws {
    switch reply {
    case .simple: break
    case .error(let text): throw RedisError.rejected(String(text.prefix { $0 != " " }.prefix(32)))
    default: throw RedisError.unexpectedReply
    }
  }

  private func ready(_ handler: RedisHandler) {
    // The connection may have ended, or the link been shut down, since.
    guard case .connecting = state.value.phase else { return handler.end(.disconnected) }
    if state.value.failures > 0 { logger.info("shared store is back", metadata: place) }
    state.value.phase = .ready(handler, since: loop.now)
    while let request = state.value.waiting.popFirst() {
      handler.send(request.command, within: settings.timeout.timeAmount, request.promise)
    }
  }

  /// The connection ended, or none could be made. Ignored when that is known.
  private func lost(_ error: RedisError) {
    switch state.value.phase {
    case .connecting: rest(because: error)
    case .ready(_, let since):
      if loop.now - since > RedisSettings.longestPause { state.value.failures = 0 }
      rest(because: error)
    case .idle, .resting, .shutDown: break
    }
    while let request = state.value.waiting.popFirst() { request.promise.fail(error) }
  }

  private func rest(because error: RedisError) {
    state.value.failures = min(state.value.failures, 1000) + 1
    state.value.phase = .resting(until: loop.now + RedisSettings.pause(after: state.value.failures))
    if state.value.failures == 1 {
      logger.warning("shared store is not available", metadata: place.merging(["error": "\(error)"]) { $1 })
    }
  }

  private var place: Logger.Metadata { ["host": "\(settings.host)", "port": "\(settings.port)"] }
}
