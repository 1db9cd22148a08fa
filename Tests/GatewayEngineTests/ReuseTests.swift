import GatewayEngine
import GatewayTesting
import Synchronization
import Testing

/// What one exchange leaves behind must not reach another.
@Suite struct ReuseTests {
  private static func yaml(_ origins: [ScriptedOrigin], _ upstream: String) -> String {
    let list = origins.map { "\"http://127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
    return """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      \(patience)
      upstreams: { origin: { endpoints: [\(list)], \(upstream) } }
      domains: [{ name: example.com, upstream: origin }]
      """
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// The number of this call, from 0.
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  @Test func writesInterimResponsesToTheirClientOnly() async throws {
    let connections = Counter()
    let (asked, isAsked) = AsyncStream<Void>.makeStream()
    let (release, released) = AsyncStream<Void>.makeStream()
    let script: @Sendable (inout RawExchange, Int) async throws -> Void = { exchange, _ in
      _ = try await exchange.receiveMessage()
      if connections.next() == 0 {
        try await exchange.send(
          "HTTP/1.1 103 Early Hints\r\nLink: </secret>\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        _ = await exchange.receiveAll()
      } else {
        isAsked.finish()
        for await _ in release {}
        try await exchange.send(helloResponse)
      }
    }
    let origins = [try await ScriptedOrigin.start(script), try await ScriptedOrigin.start(script)]
    try await TestGateway.with(Self.yaml(origins, "retry: { attempts: 3, statuses: [503] }")) { gateway in
      async let first = answer(to: request("GET /", "Connection: close"), port: gateway.port)
      for await _ in asked {}
      let other = try await answer(
        to: "GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n", port: gateway.port)
      #expect(other.hasPrefix("HTTP/1.1 404 "), "\(other)")
      released.finish()
      let text = try await first
      #expect(text.hasPrefix("HTTP/1.1 103 Early Hints\r\n"), "\(text)")
      #expect(text.hasSuffix("hello"))
    }
  }

  /// Empty content has an end that the second endpoint must be sent too, or it takes the next request for content.
  @Test func repeatsTheEndOfEmptyContent() async throws {
    let connections = Counter()
    let script: @Sendable (inout RawExchange, Int) async throws -> Void = { exchange, _ in
      _ = try await exchange.receive(until: "\r\n\r\n")
      _ = try await exchange.receive(until: "0\r\n\r\n")
      if connections.next() > 0 { try await exchange.send(helloResponse) }
    }
    let origins = [try await ScriptedOrigin.start(script), try await ScriptedOrigin.start(script)]
    try await TestGateway.with(Self.yaml(origins, "head_timeout: 5s, retry: { attempts: 3 }")) { gateway in
      let text = try await answer(
        to: request("PUT /", "Transfer-Encoding: chunked", "Connection: close", content: "0\r\n\r\n"),
        port: gateway.port)
      #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
    }
  }

  /// A response that ends where a read of the gateway's ends, with more behind it, while another client waits for the
  /// connection.
  @Test(arguments: [
    ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n", 4096), ("HEAD", "HTTP/1.1 200 OK\r\n\r\n", 0),
    ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n", 0), ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 0),
  ])
  func givesNoConnectionAwayThatHoldsMore(method: String, head: String, length: Int) async throws {
    let (asked, isAsked) = AsyncStream<Void>.makeStream()
    let (release, released) = AsyncStream<Void>.makeStream()
    let connections = Counter()
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      if connections.next() == 0 {
        isAsked.finish()
        for await _ in release {}
        let content = String(repeating: "x", count: max(length - head.utf8.count, 0))
        try await exchange.send(head + content + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      } else {
        try await exchange.send(helloResponse)
      }
      _ = await exchange.receiveAll()
    }
    try await TestGateway.with(Self.yaml([origin], "max_connections: 1")) { gateway in
      async let first = answer(to: request("\(method) /", "Connection: close"), port: gateway.port)
      for await _ in asked {}
      async let second = answer(to: request("GET /", "Connection: close"), port: gateway.port)
      while try await gateway.counters().requests < 2 { try await Task.sleep(for: .milliseconds(1)) }
      released.finish()
      #expect(try await first.hasPrefix(String(head.prefix(12))))
      let text = try await second
      #expect(text.hasSuffix("hello"), "\(text)")
    }
  }
}

@Suite struct ConnectionEndTests {
  /// Requests behind the last one that is answered are not read; their bytes must not reset the connection.
  @Test func endsInOrderThoughMoreIsSent() async throws {
    let origin = try await ScriptedOrigin.answering(helloResponse)
    try await TestGateway.with(configuration(origin: origin.port)) { gateway in
      let text = try await RawConnection.with(port: gateway.port) { exchange in
        try await exchange.send(
          request("GET /", "Connection: close") + String(repeating: request("GET /"), count: 500))
        let answer = try await exchange.receive(until: "hello")
        // nil at the end; a reset is thrown.
        #expect(try await exchange.receive(until: "\n") == nil)
        return answer
      }
      #expect(text?.hasPrefix("HTTP/1.1 200 ") == true)
    }
  }

  /// No loop waits for another one's exchanges before it ends its idle connections.
  @Test func drainsAllLoopsAtOnce() async throws {
    let (asked, isAsked) = AsyncStream<Void>.makeStream()
    let isReleased = Mutex(false)
    let origin = try await ScriptedOrigin.start { exchange, _ in
      _ = try await exchange.receiveMessage()
      isAsked.yield()
      while !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
      try await exchange.send(helloResponse)
    }
    let gateway = try await TestGateway.start(configuration(origin: origin.port), loops: 2)
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      for _ in 0..<8 {
        tasks.addTask { try await answer(to: request("GET /"), port: gateway.port).hasSuffix("hello") }
      }
      var requests = asked.makeAsyncIterator()
      for _ in 0..<8 { await requests.next() }
      try await withThrowingTaskGroup(of: String.self) { idle in
        for _ in 0..<16 { idle.addTask { try await answer(to: "", port: gateway.port) } }
        while try await gateway.counters().connectionsOpen < 24 { try await Task.sleep(for: .milliseconds(1)) }
        idle.addTask {
          await gateway.stop(limit: .seconds(5))
          return ""
        }
        for _ in 0..<16 { _ = try await idle.next() }
        isReleased.withLock { $0 = true }
      }
      for try await isWhole in tasks { #expect(isWhole) }
    }
  }
}
