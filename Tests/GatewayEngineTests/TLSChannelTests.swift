import GatewayKit
import GatewayTesting
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import GatewayEngine

struct TLSChannelTests {
  let authority: TLSAuthority
  let client: ClientTLSMaterial
  let server: ServerTLSMaterial

  init() throws {
    authority = try TLSAuthority()
    client = try .of(authority)
    server = try .of(authority.issue("DNS:example.com"))
  }

  private func pair() throws -> TLSPair { try TLSPair(client: client, host: "Example.com.", server: server) }

  @Test func bothEndsLearnWhatWasNegotiated() throws {
    let pair = try pair()
    pair.start()
    #expect(pair.server.events == [.handshake("example.com", "http/1.1")])
    #expect(pair.client.events == [.handshake(nil, "http/1.1")])
    #expect(pair.server.channel?.serverName == "example.com")
    pair.client.write("ping")
    pair.pump()
    pair.server.write("pong")
    pair.pump()
    #expect(pair.server.text == "ping")
    #expect(pair.client.text == "pong")
  }

  @Test func anyEventLoopWillDo() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let text = try await loop.submit { [client, server] in
      let pair = try TLSPair(client: client, server: server, loop: loop)
      pair.start()
      pair.client.write("ping")
      pair.client.channel?.closeOutput()
      pair.pump()
      pair.server.channel?.close()
      pair.pump()
      #expect(pair.client.events.suffix(2) == [.end, .closed])
      return pair.server.text
    }.get()
    #expect(text == "ping")
  }

  @Test func bytesOfTheFirstFlightComeAfterTheHandshake() throws {
    let pair = try pair()
    pair.server.channel?.start()
    pair.client.channel?.start()
    pair.client.write("early")
    pair.move(pair.client, pair.server)
    pair.move(pair.server, pair.client)
    // The client's last message and its first bytes in one read.
    pair.move(pair.client, pair.server)
    #expect(pair.server.events == [.handshake("example.com", "http/1.1"), .received])
    #expect(pair.server.text == "early")
  }

  @Test func whatIsWrittenLeavesOnceAFlush() throws {
    let pair = try pair()
    pair.start()
    let before = pair.client.flushes
    for _ in 0..<20 { pair.client.channel?.write(ByteBuffer(string: "x")) }
    #expect(pair.client.outbox.readableBytes == 0)
    pair.client.channel?.flush()
    #expect(pair.client.flushes == before + 1)
    pair.pump()
    #expect(pair.server.text == String(repeating: "x", count: 20))
  }

  @Test(arguments: [1, 3, 1000, 16_385, 100_003])
  func largeTransfersInOddPieces(piece: Int) throws {
    let pair = try pair()
    pair.piece = piece
    pair.start()
    var random = SplitMix(state: UInt64(piece))
    let size = piece < 10 ? 40_000 : 400_000
    let up = ByteBuffer(bytes: (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    let down = ByteBuffer(bytes: (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    for (end, bytes) in [(pair.client, up), (pair.server, down)] {
      var rest = bytes
      while rest.readableBytes > 0, let part = rest.readSlice(length: min(77_777, rest.readableBytes)) {
        end.channel?.write(part)
      }
      end.channel?.flush()
    }
    pair.pump()
    #expect(pair.server.received == up)
    #expect(pair.client.received == down)
  }

  @Test func aPeerThatEndsInOrderIsStillAnswered() throws {
    let pair = try pair()
    pair.start()
    pair.client.write("last")
    pair.client.channel?.closeOutput()
    pair.pump()
    #expect(pair.server.events.suffix(2) == [.received, .end])
    // The transport's end tells nothing new.
    pair.server.channel?.receiveEnd()
    pair.server.channel?.write(ByteBuffer(string: "answer"))
    pair.server.channel?.closeOutput()
    #expect(pair.server.events.last == .closed)
    pair.pump()
    #expect(pair.client.text == "answer")
    #expect(pair.client.events.suffix(2) == [.end, .closed])
    #expect(pair.client.failure == nil)
    #expect(pair.server.failure == nil)
  }

  @Test func closingSendsWhatWasWrittenAndSaysSo() throws {
    let pair = try pair()
    pair.start()
    pair.server.channel?.write(ByteBuffer(string: "all of it"))
    pair.server.channel?.close()
    #expect(pair.server.events.last == .closed)
    pair.pump()
    #expect(pair.client.text == "all of it")
    #expect(pair.client.events.suffix(2) == [.received, .end])
    pair.client.channel?.close()
    #expect(pair.client.events.suffix(2) == [.end, .closed])
  }

  @Test func aCutConnectionIsToldApart() throws {
    let pair = try pair()
    pair.start()
    pair.server.write("half of")
    pair.pump()
    pair.client.channel?.receiveEnd()
    #expect(pair.client.text == "half of")
    #expect(pair.client.events.suffix(3) == [.received, .failed(.truncated), .closed])
  }

  @Test func aCutInTheMiddleOfARecordIsToldApart() throws {
    let pair = try pair()
    pair.start()
    pair.server.write("a record")
    pair.server.channel?.close()
    let all = pair.server.outbox
    pair.client.channel?.receive(all.getSlice(at: all.readerIndex, length: 12) ?? ByteBuffer())
    pair.client.channel?.receiveEnd()
    #expect(pair.client.text.isEmpty)
    #expect(pair.client.events.suffix(2) == [.failed(.truncated), .closed])
  }

  @Test(arguments: [0, 1, 2])
  func anEndDuringTheHandshakeIsAFailedHandshake(moves: Int) throws {
    let pair = try pair()
    pair.server.channel?.start()
    pair.client.channel?.start()
    for _ in 0..<moves {
      pair.piece = 50
      let out = pair.client.outbox
      pair.client.outbox = ByteBuffer()
      pair.server.channel?.receive(out.getSlice(at: out.readerIndex, length: min(50, out.readableBytes)) ?? out)
    }
    pair.server.channel?.receiveEnd()
    pair.client.channel?.receiveEnd()
    #expect(pair.server.events == [.failed(.handshake), .closed])
    #expect(pair.client.events == [.failed(.handshake), .closed])
  }

  @Test func nothingIsTakenOrSaidAfterTheEnd() throws {
    let pair = try pair()
    pair.start()
    let channel = try #require(pair.server.channel)
    channel.close()
    let (events, out) = (pair.server.events, pair.server.outbox)
    channel.close()
    channel.start()
    channel.write(ByteBuffer(string: "late"))
    channel.flush()
    channel.closeOutput()
    channel.receive(ByteBuffer(string: "late"))
    channel.receiveEnd()
    #expect(pair.server.events == events)
    #expect(pair.server.outbox == out)
  }

  @Test func aChannelThatNeverStartedCanBeClosed() throws {
    let pair = try pair()
    pair.client.channel?.close()
    pair.server.channel?.close()
    #expect(pair.client.events == [.closed])
    #expect(pair.server.events == [.closed])
    #expect(pair.client.outbox.readableBytes == 0)
  }

  /// No plaintext before there is TLS, even when somebody writes it.
  @Test func aServerThatWasNotGreetedSaysNothing() throws {
    let pair = try pair()
    pair.server.channel?.start()
    pair.server.write("secret")
    pair.server.channel?.pipeline.writeAndFlush(ByteBuffer(string: "secret"), promise: nil)
    #expect(pair.server.outbox.readableBytes == 0)
    pair.start()
    #expect(pair.client.text.isEmpty)
  }

  /// Closing from every callback, and nothing is heard afterwards but the end.
  @Test(arguments: [TLSEnd.Event.handshake(nil, "http/1.1"), .received, .end])
  func closingInsideACallback(event: TLSEnd.Event) throws {
    let pair = try pair()
    pair.client.react = { seen, channel in
      if seen == event { channel.close() }
    }
    pair.start()
    pair.server.write("hello")
    pair.server.channel?.closeOutput()
    pair.pump()
    #expect(pair.client.events.suffix(2) == [event, .closed])
    #expect(pair.client.channel == nil)
  }

  @Test(arguments: 0..<4) func closingWhileBytesArePutOut(outputs: Int) throws {
    let pair = try pair()
    var count = 0
    pair.server.reactToOutput = { channel in
      if count == outputs { channel.close() }
      count += 1
    }
    pair.start()
    pair.server.write("one")
    pair.server.write("two")
    pair.server.write("three")
    pair.server.write("four")
    pair.pump()
    #expect(pair.server.events.last == .closed)
    #expect(pair.server.events.count { $0 == .closed } == 1)
    #expect(pair.server.failure == nil)
  }

  @Test func writingInsideCallbacks() throws {
    let pair = try pair()
    pair.server.react = { event, channel in
      switch event {
      case .handshake: channel.write(ByteBuffer(string: "welcome "))
      case .received: channel.write(ByteBuffer(string: "answer "))
      case .end:
        channel.write(ByteBuffer(string: "bye"))
        channel.closeOutput()
      default: return
      }
      channel.flush()
    }
    pair.start()
    pair.client.write("question")
    pair.client.channel?.closeOutput()
    pair.pump()
    #expect(pair.client.text == "welcome answer bye")
    #expect(pair.client.events.suffix(2) == [.end, .closed])
    #expect(pair.server.events.last == .closed)
  }

  /// Nothing of a closed connection stays, and nothing is left on the loop that would hold it.
  @Test(arguments: [false, true]) func nothingIsHeldAfterTheEnd(peerEnds: Bool) throws {
    weak var channel: TLSChannel?
    weak var end: TLSEnd?
    weak var pipeline: ChannelPipeline?
    weak var handler: NIOSSLHandler?
    do {
      let pair = try pair()
      pair.start()
      pair.client.write("x")
      pair.pump()
      channel = pair.server.channel
      end = pair.server
      pipeline = channel?.pipeline
      handler = try channel?.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
      #expect(handler != nil)
      if peerEnds { pair.server.channel?.receiveEnd() } else { pair.server.channel?.close() }
      pair.client.channel?.close()
    }
    #expect(channel == nil)
    #expect(end == nil)
    #expect(pipeline == nil)
    #expect(handler == nil)
  }
}
