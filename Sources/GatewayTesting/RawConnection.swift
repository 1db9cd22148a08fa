import NIOCore
import NIOPosix

/// A plain TCP connection for tests: writes what it is told, byte for byte, and hands out what comes.
public struct RawConnection: Sendable {
  private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

  init(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>) { self.channel = channel }

  /// Wraps a channel that reads nothing yet, and lets it read.
  static func wrap(_ channel: any Channel) async throws -> RawConnection {
    let wrapped = try await channel.eventLoop.submit {
      // A handler that is added after the end is never told of it.
      guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
      let wrapped = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      try channel.syncOptions?.setOption(.autoRead, value: true)
      return wrapped
    }.get()
    return RawConnection(wrapped)
  }

  /// Connects to a port of this machine, runs a body and closes.
  public static func with<R: Sendable>(
    port: Int, _ body: @Sendable (inout RawExchange) async throws -> R
  ) async throws -> R {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await RawConnection(channel).run(body)
  }

  /// What goes wrong in closing, after the body has its result, is no failure: the peer may have closed first.
  func run<R: Sendable>(_ body: @Sendable (inout RawExchange) async throws -> R) async throws -> R {
    var result: R?
    do {
      try await channel.executeThenClose { inbound, outbound in
        var exchange = RawExchange(inbound: inbound.makeAsyncIterator(), outbound: outbound)
        result = try await body(&exchange)
      }
    } catch {
      guard let result else { throw error }
      return result
    }
    guard let result else { throw HarnessError.timeout("the connection was closed before the test had its result") }
    return result
  }
}

/// The two directions of a raw connection.
public struct RawExchange {
  var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var received: [UInt8] = []

  init(
    inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Writes text as it is.
  public func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

  /// Writes bytes.
  public func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

  /// Reads until what has come and was not handed out ends with, or contains, the text; nil when the peer closes first.
  public mutating func receive(until end: String) async throws -> String? {
    let wanted = Array(end.utf8)
    while true {
      if let range = Self.find(wanted, in: received) {
        let text = String(decoding: received[..<range], as: UTF8.self)
        received.removeFirst(range)
        return text
      }
      guard let bytes = try await inbound.next(isolation: #isolation) else { return nil }
      received += Array(bytes.readableBytesView)
    }
  }

  /// Reads one message with a Content-Length, or without content; nil when the peer closes first.
  public mutating func receiveMessage() async throws -> (head: String, content: [UInt8])? {
    guard let head = try await receive(until: "\r\n\r\n") else { return nil }
    let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
    let length = line.flatMap { Int($0.dropFirst("content-length:".count).filter { $0 != " " }) } ?? 0
    while received.count < length {
      guard let bytes = try await inbound.next(isolation: #isolation) else { return nil }
      received += Array(bytes.readableBytesView)
    }
    let content = Array(received.prefix(length))
    received.removeFirst(length)
    return (head, content)
  }

  /// Everything until the peer closes; a reset counts as a close.
  public mutating func receiveAll() async -> String {
    while let bytes = try? await inbound.next(isolation: #isolation) { received += Array(bytes.readableBytesView) }
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// The index behind the first occurrence.
  private static func find(_ wanted: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= wanted.count, !wanted.isEmpty else { return nil }
    for start in 0...(bytes.count - wanted.count) where bytes[start] == wanted[0] {
      if bytes[start..<(start + wanted.count)].elementsEqual(wanted) { return start + wanted.count }
    }
    return nil
  }
}
