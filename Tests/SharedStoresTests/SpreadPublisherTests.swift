import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import SharedStores

/// A server that answers when the test says so. It takes every `EVAL` for a change.
private final class SlowServer: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct State {
    var channel: (any Channel)?
    var received = ""
    var count = 0
  }

  private let state = Mutex(State())

  /// How many changes have come.
  var count: Int { state.withLock { $0.count } }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let text = String(buffer: unwrapInboundIn(data))
    let pings = state.withLock { state in
      state.channel = context.channel
      state.received += text
      var pings = 0
      while let name = state.received.firstRange(of: /\$4\r\n(PING|EVAL)\r\n/) {
        if state.received[name].contains("PING") { pings += 1 } else { state.count += 1 }
        state.received = String(state.received[name.upperBound...])
      }
      return pings
    }
    for _ in 0..<pings { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "+PONG\r\n")), promise: nil) }
  }

  func say(_ text: String) {
    guard let channel = state.withLock({ $0.channel }) else { return }
    channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
  }
}

@Suite struct SpreadPublisherTests {
  private final class Told: Sendable {
    let number = Atomic<UInt64>(0)
    var value: UInt64 { number.load(ordering: .acquiring) }
  }

  private func wait(_ what: Comment, until isSo: () -> Bool) async throws {
    for _ in 0..<4000 where !isSo() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(isSo(), what)
  }

  /// What is sent after a refusal is answered before it is sent again: else what was refused would be behind later ones,
  /// and be taken for told with these.
  @Test func nothingThatWasRefusedCountsAsTold() async throws {
    let server = SlowServer()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(server) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    var settings = RedisSettings(host: "127.0.0.1", port: try #require(channel.localAddress?.port))
    (settings.connectTimeout, settings.timeout) = (.seconds(20), .seconds(20))
    let (loop, told) = (try PollLoop.start(name: "publisher"), Told())
    let publisher = try await loop.submit { [settings] in
      let link = RedisLink(settings, on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let counter = CounterRegistry().counter("test", help: "")
      let publisher = SpreadPublisher(link, sender: "a", logger: link.logger, sentCount: counter, isTaken: { _ in })
      publisher.told = { told.number.store($0, ordering: .releasing) }
      return NIOLoopBound(publisher, eventLoop: loop)
    }.get()
    try await loop.submit {
      var queue = SpreadQueue()
      for number: UInt64 in 1...4 {
        queue.append(SpreadNews(change: .path("/", domain: "\(number)"), number: number))
      }
      publisher.value.publish(queue)
    }.get()
    try await wait("all are sent") { server.count == 4 }
    server.say("-OOM no room\r\n:1\r\n")
    // Longer than it rests.
    try await Task.sleep(for: .milliseconds(400))
    #expect(server.count == 4 && told.value == 0)
    server.say(":1\r\n:1\r\n")
    try await wait("the one is sent again") { server.count == 5 }
    #expect(told.value == 0)
    server.say(":1\r\n")
    try await wait("all are told") { told.value == 4 }
    try await loop.submit { publisher.value.shutdown() }.get()
    await loop.stop()
    try await channel.close()
  }
}
