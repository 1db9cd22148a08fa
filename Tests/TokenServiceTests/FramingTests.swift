import Foundation
import NIOCore
import NIOPosix
import Testing
import TokenService

/// Answers as bytes: where one ends and the next begins.
@Suite struct FramingTests {
  /// Sends bytes and reads until the service closes the connection.
  private func talk(_ fixture: ServiceFixture, _ text: String) async throws -> String {
    let port = try #require(fixture.service.boundAddress?.port)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: text))
      var answer = ""
      for try await part in inbound { answer += String(buffer: part) }
      return answer
    }
  }

  @Test func headHasNoContent() async throws {
    try await ServiceFixture.with { fixture in
      let answer = try await talk(
        fixture,
        "HEAD /me/tokens HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let parts = answer.split(separator: "\r\n\r\n", omittingEmptySubsequences: false)
      #expect(parts.count == 3)
      #expect(parts[0].hasPrefix("HTTP/1.1 405 ") && parts[1].hasPrefix("HTTP/1.1 200 "))
      #expect(parts[2] == #"{"status":"ok"}"#)
    }
  }

  @Test func manyRequestsInOneWrite() async throws {
    try await ServiceFixture.with { fixture in
      let request = "GET /livez HTTP/1.1\r\nHost: a\r\n"
      let answer = try await talk(
        fixture, String(repeating: request + "\r\n", count: 20) + request + "Connection: close\r\n\r\n")
      #expect(answer.components(separatedBy: #"{"status":"ok"}"#).count == 22)
    }
  }

  @Test(arguments: ["BAD\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "\u{0}\u{1}\r\n\r\n"])
  func whatIsNotHTTP(_ text: String) async throws {
    try await ServiceFixture.with { fixture in
      let answer = try await talk(fixture, text)
      #expect(answer.hasPrefix("HTTP/1.1 400 "))
      let after = try await fixture.send("GET", "/livez")
      #expect(after.status == 200)
    }
  }

  /// The service reads some of it, so that an honest client gets the answer, and then hangs up.
  @Test func aBodyThatNeverEnds() async throws {
    try await ServiceFixture.with { fixture in
      let port = try #require(fixture.service.boundAddress?.port)
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port).get()
      let head = "POST /me/tokens HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      try await channel.writeAndFlush(ByteBuffer(string: head))
      let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n")
      var sent = 0
      while sent < 4096, (try? await channel.writeAndFlush(chunk)) != nil { sent += 1 }
      #expect(sent < 4096, "256 MiB were taken")
      try? await channel.close()
    }
  }
}
