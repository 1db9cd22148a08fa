import GatewayTesting
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import GatewayEngine

@Suite struct TLSCutTests {
  /// Where the end of the connection is the end of the content, a goodbye would make half a response look whole.
  @Test func saysNoGoodbyeInTheMiddleOfAResponse() async throws {
    let authority = try TLSAuthority()
    let files = try authority.issue("DNS:example.com")
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      try await exchange.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    }
    let yaml = configuration(origin: origin.port).replacing(
      "bind: 127.0.0.1:0",
      with: "{ bind: 127.0.0.1:0, tls: { certificates: [{ certificate: \(files.certificate), key: \(files.key) }] } }")
    try await TestGateway.with(yaml) { gateway in
      var settings = TLSConfiguration.makeClientConfiguration()
      settings.trustRoots = .file(authority.certificate)
      let context = try NIOSSLContext(configuration: settings)
      let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: gateway.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: "example.com")
            try channel.pipeline.syncOperations.addHandler(handler)
            return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
          }
        }
      await #expect(throws: (any Error).self) {
        try await client.executeThenClose { inbound, outbound in
          try await outbound.write(ByteBuffer(string: "GET / HTTP/1.0\r\nlosantdomain: example.com\r\n\r\n"))
          for try await _ in inbound {}
        }
      }
    }
  }
}
