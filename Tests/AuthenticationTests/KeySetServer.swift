import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real server for key sets on loopback. A test says what it answers, and can hold answers back.
final class KeySetServer: Sendable {
  struct Answer: Sendable {
    var status = HTTPResponseStatus.ok
    var body: String
    var location: String?
    /// Whether blanks follow the body for ever, a few at a time.
    var isEndless = false
  }

  private struct State {
    var answer: Answer
    var isHolding = false
    var held: [@Sendable () -> Void] = []
    var requests = 0
  }

  private let state: Mutex<State>
  private let channel: Mutex<(any Channel)?> = Mutex(nil)
  private let connections: Mutex<[any Channel]> = Mutex([])

  private init(_ body: String) { state = Mutex(State(answer: Answer(body: body))) }

  /// Starts a server and runs the body with it.
  static func run(_ body: String, _ test: (KeySetServer) async throws -> Void) async throws {
    let server = KeySetServer(body)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 16)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(server: server))
          server.connections.withLock { $0.append(channel) }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    server.channel.withLock { $0 = channel }
    do { try await test(server) } catch {
      try? await channel.close()
      throw error
    }
    try? await channel.close()
  }

  var url: String { "http://127.0.0.1:\(channel.withLock { $0?.localAddress?.port } ?? 0)/jwks.json" }
  /// How many requests have come.
  var requests: Int { state.withLock { $0.requests } }

  func answer(_ body: String, status: HTTPResponseStatus = .ok, location: String? = nil) {
    state.withLock { $0.answer = Answer(status: status, body: body, location: location) }
  }

  /// Answers with a body that never ends.
  func answerEndlessly(_ body: String) { state.withLock { $0.answer = Answer(body: body, isEndless: true) } }

  /// Goes away: nobody listens any more, and what was open is cut.
  func vanish() async throws {
    try await channel.withLock { $0 }?.close()
    for connection in connections.withLock({ $0 }) { try? await connection.close() }
  }

  /// Holds back answers until ``release()``.
  func hold() { state.withLock { $0.isHolding = true } }

  func release() {
    let held = state.withLock { state in
      state.isHolding = false
      defer { state.held = [] }
      return state.held
    }
    for send in held { send() }
  }

  /// Waits until so many requests have come.
  func waitForRequests(_ count: Int) async throws {
    while requests < count { try await Task.sleep(for: .milliseconds(2)) }
  }

  fileprivate func received(_ send: @escaping @Sendable (Answer) -> Void) {
    let isHeld = state.withLock { state in
      state.requests += 1
      // What is held back is what was so when it was asked for.
      if state.isHolding { state.held.append { [answer = state.answer] in send(answer) } }
      return state.isHolding
    }
    if !isHeld { send(state.withLock { $0.answer }) }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: KeySetServer

    init(server: KeySetServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = Self.unwrapInboundIn(data) else { return }
      let channel = context.channel
      server.received { answer in
        let length = answer.body.utf8.count + (answer.isEndless ? 100_000 : 0)
        var headers = HTTPHeaders([("content-length", "\(length)")])
        if let location = answer.location { headers.add(name: "location", value: location) }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: answer.body))), promise: nil)
        if answer.isEndless { return Self.trickle(on: channel) }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
      }
    }

    private static func trickle(on channel: any Channel) {
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: " ")))).whenSuccess {
        channel.eventLoop.scheduleTask(in: .milliseconds(20)) { trickle(on: channel) }
      }
    }
  }
}
