import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import GatewayEngine

/// What a hostile peer may send.
struct TLSGarbageTests {
  let client: ClientTLSMaterial
  let server: ServerTLSMaterial

  init() throws {
    let authority = try TLSAuthority()
    client = try .of(authority)
    server = try .of(authority.issue("DNS:example.com"))
  }

  private func pair() throws -> TLSPair { try TLSPair(client: client, server: server) }

  @Test(arguments: ["GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{4}rest", "SSH-2.0-x\r\n"])
  func otherProtocolsAreAFailedHandshake(text: String) throws {
    let pair = try pair()
    pair.server.channel?.start()
    pair.server.channel?.receive(ByteBuffer(string: text))
    #expect(pair.server.events == [.failed(.handshake), .closed])
    pair.client.channel?.start()
    pair.client.channel?.receive(ByteBuffer(string: text))
    #expect(pair.client.events == [.failed(.handshake), .closed])
  }

  @Test func anyBytesEndInOneEnd() throws {
    var random = SplitMix(state: 4)
    for round in 0..<300 {
      let pair = try pair()
      for end in [pair.server, pair.client] {
        end.channel?.start()
        // Every other one begins like a handshake.
        var bytes = ByteBuffer(bytes: round % 2 == 0 ? [22, 3, 1, 1, 0, UInt8(1 + round % 4 / 2)] : [])
        for _ in 0..<Int.random(in: 0...600, using: &random) {
          bytes.writeInteger(UInt8.random(in: 0...255, using: &random))
        }
        while let part = bytes.readSlice(length: min(bytes.readableBytes, Int.random(in: 1...200, using: &random))),
          part.readableBytes > 0
        {
          end.channel?.receive(part)
        }
        end.channel?.receiveEnd()
        #expect(end.events == [.failed(.handshake), .closed])
      }
    }
  }

  /// One changed byte, anywhere in the flights of the handshake.
  @Test(arguments: [0, 1, 2]) func aChangedHandshakeDoesNoHarm(flight: Int) throws {
    var position = 0
    var length = 1
    while position < length {
      let pair = try pair()
      pair.server.channel?.start()
      pair.client.channel?.start()
      let ends = [(pair.client, pair.server), (pair.server, pair.client), (pair.client, pair.server)]
      for (index, (from, to)) in ends.enumerated() {
        if index == flight {
          length = from.outbox.readableBytes
          // A signature is now a byte longer, now one shorter.
          let at = from.outbox.readerIndex + min(position, length - 1)
          let byte = try #require(from.outbox.getInteger(at: at, as: UInt8.self))
          from.outbox.setInteger(byte ^ 0x41, at: at)
        }
        pair.move(from, to)
      }
      pair.pump()
      for end in [pair.client, pair.server] {
        end.channel?.receiveEnd()
        #expect(end.events.count { $0 == .closed } == 1)
        #expect(end.text.isEmpty)
      }
      position += 7
    }
    #expect(length > 50)
  }

  @Test func aForgedRecordBreaksTheConnection() throws {
    let pair = try pair()
    pair.start()
    pair.client.write("pay 1")
    let last = pair.client.outbox.writerIndex - 1
    pair.client.outbox.setInteger(UInt8(0), at: last)
    pair.pump()
    #expect(pair.server.events.suffix(2) == [.failed(.record), .closed])
    #expect(pair.server.text.isEmpty)
    // The client was told.
    #expect(pair.client.events.suffix(2) == [.failed(.record), .closed])
    #expect(pair.client.failure?.reason.contains("alert") == true)
  }

  /// What came before the forged record, in the same read, counts.
  @Test func intactRecordsBeforeAForgedOneAreDelivered() throws {
    let pair = try pair()
    pair.start()
    pair.client.write("intact")
    pair.client.outbox.writeString("\u{17}\u{3}\u{3}\u{0}\u{20}0123456789012345678901234567890123456789")
    pair.pump()
    #expect(pair.server.text == "intact")
    #expect(pair.server.events.suffix(3) == [.received, .failed(.record), .closed])
  }

  @Test func bytesAfterThePeersEndBreakTheConnection() throws {
    let pair = try pair()
    pair.start()
    pair.client.channel?.closeOutput()
    pair.pump()
    #expect(pair.server.events.last == .end)
    pair.server.channel?.receive(ByteBuffer(string: "more"))
    #expect(pair.server.events.suffix(2) == [.failed(.record), .closed])
  }
}
