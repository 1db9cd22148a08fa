import NIOCore
import NIOEmbedded
import NIOHTTP1

/// What NIOHTTP1 made of a connection's bytes.
struct NIOReading: CustomStringConvertible {
  struct Message {
    var start: String
    var fields: [String]
    var body: [UInt8] = []
    var isComplete = false
  }

  var messages: [Message] = []
  var error: String?

  var description: String {
    "\(messages.map { "\($0.start) \($0.fields) \($0.body.count) bytes, whole: \($0.isComplete)" }) error: \(error ?? "none")"
  }

  static func requests(_ bytes: [UInt8], pieces: [Int]) -> NIOReading {
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
    var reading = NIOReading()
    for piece in cut(bytes, at: pieces) where reading.error == nil {
      reading.write(piece, to: channel)
      while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
        switch part {
        case .head(let head):
          reading.begin("\(head.method.rawValue) \(head.uri) 1.\(head.version.minor)", head.headers)
        case .body(let buffer): reading.append(buffer)
        case .end: reading.complete()
        }
      }
    }
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return reading
  }

  static func responses(_ bytes: [UInt8], pieces: [Int]) -> NIOReading {
    let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
    let channel = EmbeddedChannel(handlers: [RequestTeller(), ByteToMessageHandler(decoder)])
    var reading = NIOReading()
    // The decoder wants to know what was asked.
    _ = try? channel.writeOutbound(
      HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")))
    for piece in cut(bytes, at: pieces) where reading.error == nil {
      reading.write(piece, to: channel)
      reading.takeResponseParts(from: channel)
    }
    _ = try? channel.finish(acceptAlreadyClosed: true)
    reading.takeResponseParts(from: channel)
    return reading
  }

  private mutating func takeResponseParts(from channel: EmbeddedChannel) {
    while let part = try? channel.readInbound(as: HTTPClientResponsePart.self) {
      switch part {
      case .head(let head):
        begin("1.\(head.version.minor) \(head.status.code) \(head.status.reasonPhrase)", head.headers)
        // An interim head has no end of its own.
        if (100..<200).contains(head.status.code) { complete() }
      case .body(let buffer): append(buffer)
      case .end: complete()
      }
    }
  }

  private mutating func write(_ piece: ArraySlice<UInt8>, to channel: EmbeddedChannel) {
    do { try channel.writeInbound(ByteBuffer(bytes: piece)) } catch { self.error = "\(error)" }
  }

  private mutating func begin(_ start: String, _ headers: HTTPHeaders) {
    messages.append(Message(start: start, fields: headers.map { "\($0.name): \(Self.trimmed($0.value))" }))
  }

  private static func trimmed(_ value: String) -> Substring {
    var value = value[...]
    while value.last == " " || value.last == "\t" { value.removeLast() }
    return value
  }

  private mutating func append(_ buffer: ByteBuffer) {
    guard let last = messages.indices.last else { return }
    messages[last].body.append(contentsOf: buffer.readableBytesView)
  }

  private mutating func complete() {
    guard let last = messages.indices.last else { return }
    messages[last].isComplete = true
  }
}

/// Lets the decoder see outgoing heads and keeps them from the channel's end.
private final class RequestTeller: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = ByteBuffer

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    promise?.succeed()
  }
}
