import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real server on loopback that is asked about tokens. A test says what it answers, and can hold answers back.
final class IntrospectionServer: Sendable {
  struct Request: Sendable {
    var method: HTTPMethod
    var target: String
    var headers: HTTPHeaders
    var body: String
  }

  struct Answer: Sendable {
    var status = HTTPResponseStatus.ok
    var body: String
    var location: String?
    /// Bytes that are announced and never come.
    var missing = 0
  }

  typealias Responder = @Sendable (Request) -> Answer

  private struct State {
    var respond: Responder
    var isHolding = false
    var held: [@Sendable () -> Void] = []
    var requests: [Request] = []
    var open = 0
    var mostOpen = 0
  }

  private let state: Mutex<State>
  private let channel: Mutex<(any Channel)?> = Mutex(nil)

  private init(_ respond: @escaping Responder) { state = Mutex(State(respond: respond)) }

  /// Starts a server and runs the body with it.
  static func run(_ respond: @escaping Responder, _ test: (IntrospectionServer) async throws -> Void) async throws {
    let server = IntrospectionServer(respond)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 128)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(server: server))
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

  var base: String { "http://127.0.0.1:\(channel.withLock { $0?.localAddress?.port } ?? 0)" }
  var url: String { "\(base)/introspect" }
  var requests: [Request] { state.withLock { $0.requests } }
  /// The most requests that were open at one time.
  var mostOpen: Int { state.withLock { $0.mostOpen } }

  func answer(_ respond: @escaping Responder) { state.withLock { $0.respond = respond } }

  func answer(_ body: String, status: HTTPResponseStatus = .ok) {
    answer { _ in Answer(status: status, body: body) }
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
    while requests.count < count { try await Task.sleep(for: .milliseconds(2)) }
  }

  fileprivate func received(_ request: Request, _ send: @escaping @Sendable (Answer) -> Void) {
    let answer: @Sendable () -> Void = { [self] in
      let respond = state.withLock { state in
        state.open -= 1
        return state.respond
      }
      send(respond(request))
    }
    let isHeld = state.withLock { state in
      state.requests.append(request)
      state.open += 1
      state.mostOpen = max(state.mostOpen, state.open)
      if state.isHolding { state.held.append(answer) }
      return state.isHolding
    }
    if !isHeld { answer() }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: IntrospectionServer
    private var request = Request(method: .GET, target: "", headers: [:], body: "")

    init(server: IntrospectionServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch Self.unwrapInboundIn(data) {
      case .head(let head):
        request = Request(method: head.method, target: head.uri, headers: head.headers, body: "")
      case .body(let part): request.body += String(buffer: part)
      case .end:
        let channel = context.channel
        server.received(request) { Self.send($0, channel) }
      }
    }

    private static func send(_ answer: Answer, _ channel: any Channel) {
      var headers = HTTPHeaders([("content-length", "\(answer.body.utf8.count + answer.missing)")])
      if let location = answer.location { headers.add(name: "location", value: location) }
      let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
      channel.write(HTTPServerResponsePart.head(head), promise: nil)
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: answer.body))), promise: nil)
      if answer.missing == 0 { channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil) }
    }
  }
}
