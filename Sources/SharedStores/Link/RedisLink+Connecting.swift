import GatewayEngine
import GatewayKit
import NIOCore
import NIOPosix

// How a connection is made: the name is looked up, the addresses are tried, and the server is greeted.
extension RedisLink {
  /// Begins to connect. What comes of it is told later, never inside this call.
  func connect() {
    let now = Self.time()
    attempt = ConnectionAttempt(now: now, limit: settings.connectTimeout.limit)
    arm(attempt.deadline)
    if let address = try? SocketAddress(ipAddress: settings.host, port: settings.port) {
      return loop.assumeIsolated().execute { self.resolved([address]) }
    }
    lookUp()
    if let fresh = known.takeFresh() { return loop.assumeIsolated().execute { self.resolved(fresh) } }
    if !known.isEmpty { arm(attempt.patience) }
  }

  private func lookUp() {
    // One that hangs is not asked for again: the threads are everybody's.
    guard !isResolving else { return }
    isResolving = true
    let (host, port, lookUp) = (settings.host, settings.port, settings.lookUp)
    let bound = NIOLoopBound(self, eventLoop: loop)
    NIOThreadPool.singleton.submit { [loop] _ in
      let found = (try? lookUp(host)) ?? []
      loop.execute { bound.value.lookedUp(found.map { Self.address($0, port) }) }
    }
  }

  private func lookedUp(_ found: [SocketAddress]) {
    isResolving = false
    known.note(found)
    if case .connecting = state.phase, !attempt.isResolved { resolved(known.take()) }
  }

  private static func address(_ found: SocketAddress, _ port: Int) -> SocketAddress {
    var address = found
    address.port = port
    return address
  }

  private func resolved(_ addresses: [SocketAddress]) {
    guard case .connecting = state.phase, !attempt.isResolved else { return }
    attempt.resolved(addresses, now: Self.time())
    tryNext(because: .unreachable("the name has no address"))
  }

  private func tryNext(because error: RedisError) {
    var error = error
    while let (address, deadline) = attempt.next(now: Self.time()) {
      do {
        let tls = settings.tls.map { (context: $0, host: settings.host) }
        stream = try ClientStream(to: address, on: loop, tls: tls, owner: self)
        stopTimer()
        return arm(deadline)
      } catch {
        // Tried the next one.
      }
      error = .unreachable("no connection can be begun")
    }
    lost(error)
  }

  /// The connection that was being made has ended.
  func connectionRefused(_ error: RedisError) {
    guard case .connecting = state.phase else { return }
    tryNext(because: error)
  }

  func attemptTimedOut(_ now: Int64) {
    // The look-up takes long.
    if !attempt.isResolved, !known.isEmpty { return resolved(known.take()) }
    stream?.discard()
    stream = nil
    tryNext(because: .unreachable("it takes too long"))
  }
}

// MARK: - Greeting

extension RedisLink {
  /// Authenticates and chooses the database; only then may others use the connection.
  func greet() {
    var commands: [RESPCommand] = []
    if let password = settings.password {
      let user = settings.user.map { [ByteBuffer(string: $0)] } ?? []
      commands.append(RESPCommand([ByteBuffer(string: "AUTH")] + user + [ByteBuffer(bytes: password.bytes)]))
    }
    if settings.database != 0 { commands.append(RESPCommand(["SELECT", "\(settings.database)"])) }
    commands.append(RESPCommand(["PING"]))
    greetings = commands.count
    for command in commands {
      var bytes = command.bytes
      stream?.send(&bytes)
    }
  }

  /// Takes one answer; false when none is there whole. Only the code of an error is kept: its text may repeat the command,
  /// and so the password.
  func answerGreeting(_ input: inout ByteBuffer) throws(RedisError) -> Bool {
    guard let reply = try RedisError.reply(&input) else { return false }
    switch reply {
    case .simple: break
    case .error(let text): throw .rejected(RedisError.code(text))
    default: throw .unexpectedReply
    }
    greetings -= 1
    if greetings == 0 { ready() }
    return true
  }
}
