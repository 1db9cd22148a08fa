import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An origin that answers everybody with what it knows of who asks: the request's fields, and what its token says.
final class CanaryOrigin: Sendable {
  private let channel: any Channel
  private let gate: Gate

  private init(_ channel: any Channel, _ gate: Gate) {
    self.channel = channel
    self.gate = gate
  }

  static func start() async throws -> CanaryOrigin {
    let gate = Gate()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(gate))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return CanaryOrigin(channel, gate)
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  /// Holds answers back until ``open()``.
  func close() { gate.close() }
  func open() { gate.open() }

  func stop() async { try? await channel.close() }
}

/// Where answers wait.
private final class Gate: Sendable {
  private struct State {
    var isOpen = true
    var waiting: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  func close() { state.withLock { $0.isOpen = false } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for one in waiting { one() }
  }

  /// Calls it now, or when the gate opens.
  func pass(_ body: @escaping @Sendable () -> Void) {
    let isOpen = state.withLock { state in
      if !state.isOpen { state.waiting.append(body) }
      return state.isOpen
    }
    if isOpen { body() }
  }
}

private final class Handler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let gate: Gate
  private var head: HTTPRequestHead?

  init(_ gate: Gate) { self.gate = gate }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    guard let head else { return }
    let text = Self.text(head)
    let channel = context.channel
    gate.pass {
      let fields: HTTPHeaders = [
        "Content-Type": "text/plain", "Content-Length": "\(text.utf8.count)",
        "Cache-Control": "public, max-age=3600, s-maxage=3600",
      ]
      channel.write(
        HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)), promise: nil)
      channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
      channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }
  }

  private static func text(_ head: HTTPRequestHead) -> String {
    var lines = ["\(head.method) \(head.uri)"]
    for (name, value) in head.headers {
      lines.append("\(name): \(value)")
      for word in value.split(separator: " ") { if let claims = CanaryTokens.claims(of: word) { lines.append(claims) } }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
