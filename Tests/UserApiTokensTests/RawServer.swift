import NIOCore
import NIOPosix
import Synchronization

/// A TCP listener that keeps the bytes of every request as they came and answers with bytes as they are given.
final class RawServer: Sendable {
  /// What to send back for the request of that number, from 0; `nil` for silence.
  typealias Script = @Sendable (Int, String) -> String?

  private let channel: any Channel
  private let kept = Mutex<[String]>([])
  private let script: Script

  var port: Int { channel.localAddress?.port ?? 0 }
  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [String] { kept.withLock { $0 } }

  static func with<Result>(
    _ script: @escaping Script, _ body: (RawServer) async throws -> Result
  ) async throws -> Result {
    let holder = Mutex<RawServer?>(nil)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture {
          try child.pipeline.syncOperations.addHandler(Recorder { text in holder.withLock { $0 }?.take(text) })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let server = RawServer(channel: channel, script: script)
    holder.withLock { $0 = server }
    do {
      let result = try await body(server)
      try await channel.close()
      return result
    } catch {
      try? await channel.close()
      throw error
    }
  }

  private init(channel: any Channel, script: @escaping Script) {
    self.channel = channel
    self.script = script
  }

  private func take(_ request: String) -> String? {
    let number = kept.withLock { requests in
      requests.append(request)
      return requests.count - 1
    }
    return script(number, request)
  }

  static func answer(_ body: String, status: String = "200 OK", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
  }
}

private final class Recorder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let take: @Sendable (String) -> String?
  private var text = ""

  init(take: @escaping @Sendable (String) -> String?) { self.take = take }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    text += String(buffer: unwrapInboundIn(data))
    guard let end = text.firstRange(of: "\r\n\r\n")?.upperBound else { return }
    let length =
      text[..<end].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    guard text[end...].utf8.count >= length else { return }
    let request = text
    text = ""
    if let answer = take(request) { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
  }
}

/// The parts of a recorded request.
struct Recorded {
  let line: String
  let fields: Set<String>
  let body: String

  init(_ text: String) {
    let halves = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = halves[0].split(separator: "\r\n").map(String.init)
    line = lines.first ?? ""
    fields = Set(lines.dropFirst())
    body = halves.count > 1 ? String(halves[1]) : ""
  }
}
