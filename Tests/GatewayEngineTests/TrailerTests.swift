import GatewayTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct TrailerTests {
  private let section = "X-Checksum: 1\r\nContent-Length: 3\r\nAuthorization: x\r\nX-Late: 2\r\nlosantdomain: other\r\n"

  private func answering(_ trailers: String, _ fields: String = "", log: RequestLog = RequestLog()) async throws
    -> ScriptedOrigin
  {
    try await ScriptedOrigin.start { exchange, _ in
      while let head = try await exchange.receive(until: "\r\n\r\n") {
        var whole = head
        if head.contains("chunked") {
          whole += try await exchange.receive(until: "\r\n0\r\n") ?? ""
          while let line = try await exchange.receive(until: "\r\n") {
            whole += line
            if line == "\r\n" { break }
          }
        }
        log.append(whole)
        try await exchange.send(
          "HTTP/1.1 200 OK\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\(trailers)\r\n")
      }
    }
  }

  @Test func passesThoseOfTheRequestThatMayBe() async throws {
    let log = RequestLog()
    let origin = try await answering("", log: log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let head = request("POST /", "Connection: close, X-Late", "Transfer-Encoding: chunked")
      _ = try await answer(to: head + "3\r\nabc\r\n0\r\n\(section)\r\n", port: gateway.port)
    }
    let seen = try #require(log.requests.first)
    #expect(seen.hasSuffix("\r\n0\r\nX-Checksum: 1\r\n\r\n"), "\(seen)")
  }

  @Test(arguments: ["TE: trailers", "TE: gzip;q=0.5, Trailers"])
  func passesThoseOfTheResponseToWhoTakesThem(_ field: String) async throws {
    let log = RequestLog()
    let origin = try await answering(section, "X-Late: 1\r\n", log: log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let text = try await answer(to: request("GET /", "Connection: close, TE", field), port: gateway.port)
      #expect(text.hasSuffix("5\r\nhello\r\n0\r\nX-Checksum: 1\r\n\r\n"), "\(text)")
    }
    let seen = try #require(log.requests.first)
    #expect(seen.contains("TE: trailers\r\nConnection: TE\r\n"))
    #expect(!seen.contains("gzip"))
  }

  @Test func keepsThemFromOthers() async throws {
    let log = RequestLog()
    let origin = try await answering(section, log: log)
    try await TestGateway.with(bare(origin: origin.port)) { gateway in
      let new = try await answer(to: request("GET /", "Connection: close"), port: gateway.port)
      #expect(new.hasSuffix("5\r\nhello\r\n0\r\n\r\n"))
      let old = try await answer(
        to: "GET / HTTP/1.0\r\nHost: example.com\r\nTE: trailers\r\nConnection: TE\r\n\r\n", port: gateway.port)
      #expect(old.hasSuffix("\r\n\r\nhello"))
      #expect(!old.contains("X-Checksum"))
    }
    #expect(log.requests.allSatisfy { !$0.contains("\r\nTE:") || $0.contains("Via: 1.0") })
    #expect(origin.connections == 1, "what was dropped was read")
  }

  @Test func refusesTooManyOfTheRequest() async throws {
    let origin = try await answering("")
    try await TestGateway.with(bare(origin: origin.port, "limits: { trailers: 100B }")) { gateway in
      let long = "X-Long: " + String(repeating: "y", count: 200)
      let text = try await answer(
        to: request("POST /", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\(long)\r\n\r\n", port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 431 "), "\(text)")
      #expect(text.contains("Connection: close\r\n"))
    }
  }

  @Test func cutsAResponseWithTooMany() async throws {
    let origin = try await answering("X-Long: " + String(repeating: "y", count: 200) + "\r\n")
    try await TestGateway.with(bare(origin: origin.port, "limits: { trailers: 100B }")) { gateway in
      let text = try await answer(to: request("GET /", "TE: trailers", "Connection: TE"), port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "))
      #expect(!text.contains("\r\n0\r\n"))
    }
  }
}
