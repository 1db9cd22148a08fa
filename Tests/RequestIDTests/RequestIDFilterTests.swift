import GatewayKit
import GatewayTesting
import HTTPWire
import NIOCore
import Testing

@testable import RequestID

@Suite struct RequestIDFilterTests {
  private let bench = Bench()

  private func filter(_ settings: [String: ConfigNode.Value] = [:]) throws -> RequestIDFilter {
    let plugin: RequestIDPlugin = try bench.plugin(settings)
    return try #require(plugin.makeFilter(on: bench.loop) as? RequestIDFilter)
  }

  /// The head as the origin gets it.
  private func sent(_ exchange: Exchange) -> String {
    var out = ByteBuffer()
    exchange.request.serialize(into: &out, extra: exchange.requestAdditions.lines, host: nil)
    return String(buffer: out)
  }

  @Test func replacesTheClientsID() throws {
    let exchange = try bench.exchange("GET / HTTP/1.1", ["X-Request-Id: mine", "x-request-id: other"])
    _ = try filter().identify(exchange)
    #expect(exchange.requestID.utf8.count == 32)
    #expect(!sent(exchange).contains("mine") && !sent(exchange).contains("other"))
    #expect(sent(exchange).contains("X-Request-ID: \(exchange.requestID)\r\n"))
  }

  @Test func takesAnAcceptableID() throws {
    let filter = try filter(["accept": .text("true")])
    for id in ["a", "A-z_0.9~", String(repeating: "x", count: 128)] {
      let exchange = try bench.exchange("GET / HTTP/1.1", ["X-Request-ID: \(id)"])
      _ = filter.identify(exchange)
      #expect(exchange.requestID == id)
      #expect(sent(exchange).contains("X-Request-ID: \(id)\r\n"))
    }
  }

  @Test(arguments: ["", "a b", "a\"b", "<x>", "{}", "\u{e9}", "a,b", String(repeating: "x", count: 129)])
  func replacesAnUnacceptableID(id: String) throws {
    let exchange = try bench.exchange("GET / HTTP/1.1", ["X-Request-ID: \(id)"])
    _ = try filter(["accept": .text("true")]).identify(exchange)
    #expect(exchange.requestID != id && exchange.requestID.utf8.count == 32)
    #expect(id.isEmpty || !sent(exchange).contains("X-Request-ID: \(id)\r\n"))
  }

  @Test func replacesSeveralIDs() throws {
    for name in ["x-request-id", "x-correlation-id"] {
      let exchange = try bench.exchange("GET / HTTP/1.1", ["\(name): one", "\(name): two"])
      _ = try filter(["accept": .text("true"), "header": .text(name)]).identify(exchange)
      #expect(!["one", "two"].contains(exchange.requestID))
      #expect(!sent(exchange).contains("one") && !sent(exchange).contains("two"))
    }
  }

  @Test func answersWithTheID() throws {
    let exchange = try bench.exchange()
    let filter = try filter()
    _ = filter.identify(exchange)
    filter.response(exchange)
    #expect(exchange.addedFields == "X-Request-ID: \(exchange.requestID)\r\n")
    #expect(exchange.responseAdditions.names.contains(.xRequestID))
  }

  /// A refusal may come before the filter was asked.
  @Test func settlesTheIDOfAnEarlyRefusal() throws {
    let exchange = try bench.exchange("GET / HTTP/1.1", ["X-Request-ID: mine"])
    exchange.replyInProgress = Reply(refusing: 401, "token_missing", message: "")
    try filter(["accept": .text("true")]).response(exchange)
    #expect(exchange.requestID == "mine")
    #expect(exchange.addedFields == "X-Request-ID: mine\r\n")
  }

  /// The origin's way must not change an id that was settled.
  @Test func settlesOnce() throws {
    let exchange = try bench.exchange("GET / HTTP/1.1", ["X-Request-ID: mine"])
    let filter = try filter(["accept": .text("true")])
    _ = filter.identify(exchange)
    exchange.setRequestID(UnsafeRawBufferPointer(start: nil, count: 0))
    filter.response(exchange)
    #expect(exchange.requestID != "mine")
  }

  @Test func usesAnotherField() throws {
    let filter = try filter(["header": .text("X-Correlation-ID"), "accept": .text("on")])
    let exchange = try bench.exchange("GET / HTTP/1.1", ["X-CORRELATION-id: abc"])
    _ = filter.identify(exchange)
    #expect(exchange.requestID == "abc")
    #expect(sent(exchange).contains("x-correlation-id: abc\r\n") && !sent(exchange).contains("X-CORRELATION"))
    var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\nX-Correlation-Id: origin\r\nContent-Length: 0\r\n\r\n")
    var parser = ResponseHeadParser()
    #expect(try parser.parse(&bytes, into: &exchange.response, requestMethod: .get))
    filter.response(exchange)
    #expect(exchange.response.block.firstIndex(named: "x-correlation-id") == nil)
    #expect(exchange.addedFields == "x-correlation-id: abc\r\n")
  }

  @Test func settingsAreChecked() {
    for name in ["host", "authorization", "x-forwarded-for", "x id", "x-a\r\nb", "content-length", ""] {
      #expect(throws: ConfigurationError.self) {
        let _: RequestIDSettings = try bench.settings(["header": .text(name)])
      }
    }
  }
}
