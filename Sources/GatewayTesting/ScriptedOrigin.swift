import NIOCore
import NIOPosix
import Synchronization

/// An origin for tests: every connection is given to a script, which reads and writes raw bytes.
public final class ScriptedOrigin: Sendable {
  /// The port that it listens on.
  public let port: Int
  private let task: Task<Void, Never>
  private let accepted: Counted

  private final class Counted: Sendable {
    let number = Atomic<Int>(0)
  }

  /// How many connections have been accepted.
  public var connections: Int { accepted.number.load(ordering: .relaxed) }

  /// Starts listening; the script runs once for each connection, with the connection's number from 0.
  public static func start(
    _ script: @escaping @Sendable (inout RawExchange, Int) async throws -> Void
  ) async throws -> ScriptedOrigin {
    // Connections are wrapped where they are used: one that nobody came to use may just go.
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .bind(host: "127.0.0.1", port: 0) { channel in channel.eventLoop.makeSucceededFuture(channel) }
    let accepted = Counted()
    let task = Task<Void, Never> {
      try? await server.executeThenClose { connections in
        try await withThrowingDiscardingTaskGroup { tasks in
          for try await connection in connections {
            let number = accepted.number.wrappingAdd(1, ordering: .relaxed).oldValue
            tasks.addTask { try? await RawConnection.wrap(connection).run { try await script(&$0, number) } }
          }
        }
      }
    }
    return ScriptedOrigin(port: server.channel.localAddress?.port ?? 0, task: task, accepted: accepted)
  }

  /// An origin that reads each request's head, and content with a length, and answers with this text.
  public static func answering(
    _ response: String, recording: RequestLog = RequestLog()
  ) async throws -> ScriptedOrigin {
    try await start { exchange, _ in
      while let request = try await exchange.receiveMessage() {
        recording.append(request.head + String(decoding: request.content, as: UTF8.self))
        try await exchange.send(response)
      }
    }
  }

  private init(port: Int, task: Task<Void, Never>, accepted: Counted) {
    self.port = port
    self.task = task
    self.accepted = accepted
  }

  /// Closes the listener and every connection.
  public func stop() { task.cancel() }

  deinit { task.cancel() }
}

/// What an origin has been sent.
public final class RequestLog: Sendable {
  private let entries = Mutex<[String]>([])

  /// An empty log.
  public init() {}

  /// The requests in the order in which they arrived.
  public var requests: [String] { entries.withLock { $0 } }

  /// Adds a request.
  public func append(_ request: String) { entries.withLock { $0.append(request) } }
}
