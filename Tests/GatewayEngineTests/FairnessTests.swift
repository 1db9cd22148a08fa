import GatewayEngine
import GatewayTesting
import Testing

/// Domains that share an upstream, on real sockets.
@Suite struct FairnessTests {
  private static func yaml(_ port: Int, _ upstream: String) -> String {
    """
    version: 1
    listeners: [{ bind: "127.0.0.1:0" }]
    \(patience)
    upstreams: { origin: { endpoints: ["http://127.0.0.1:\(port)"], \(upstream) } }
    domains:
      - { name: heavy.test, upstream: origin }
      - { name: light.test, upstream: origin }
      - { name: other.test, upstream: origin }
    """
  }

  private static func get(_ domain: String, _ path: String = "/", port: Int) async throws -> String {
    try await answer(to: "GET \(path) HTTP/1.1\r\nHost: \(domain)\r\nConnection: close\r\n\r\n", port: port)
  }

  /// Requests for `/slow` are answered when the stream ends, all others at once.
  private static func origin(_ log: RequestLog, until release: AsyncStream<Void>) async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { exchange, _ in
      while let message = try await exchange.receiveMessage() {
        log.append(message.head)
        if message.head.hasPrefix("GET /slow") { for await _ in release {} }
        try await exchange.send(helloResponse)
      }
    }
  }

  /// Waits until so many requests wait for a connection, and the origin has so many.
  private static func wait(_ gateway: TestGateway, waiting: Int, at log: RequestLog, _ count: Int) async throws {
    for _ in 0..<2000 {
      let found = try await gateway.gateway.upstreams()[0].waiting
      if found == waiting, log.requests.count >= count { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("waited in vain for \(waiting) that wait and \(count) that are asked")
  }

  @Test(arguments: ["max_idle: 0", "max_idle: 10"])
  func slowRequestsOfOneDomainLeaveTheOthersAlone(_ idle: String) async throws {
    let log = RequestLog()
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await Self.origin(log, until: release)
    try await TestGateway.with(Self.yaml(origin.port, "max_connections: 10, \(idle)")) { gateway in
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for _ in 0..<20 { tasks.addTask { try await Self.get("heavy.test", "/slow", port: gateway.port) } }
        try await Self.wait(gateway, waiting: 11, at: log, 9)
        #expect(log.requests.count == 9)
        for _ in 0..<30 {
          let text = try await Self.get("light.test", port: gateway.port)
          #expect(text.hasSuffix("hello"))
        }
        released.finish()
        for try await text in tasks { #expect(text.hasSuffix("hello")) }
      }
      try await Self.checkNothingIsLeft(gateway)
    }
  }

  /// Every slot was given back: as many can be had again as at first.
  private static func checkNothingIsLeft(_ gateway: TestGateway) async throws {
    for _ in 0..<2000 {
      let upstream = try await gateway.gateway.upstreams()[0]
      if upstream.waiting == 0, upstream.endpoints.allSatisfy({ $0.inFlight == 0 }) { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("something still waits or is in flight")
  }

  @Test func withoutFairnessTheyDoNot() async throws {
    let log = RequestLog()
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await Self.origin(log, until: release)
    try await TestGateway.with(Self.yaml(origin.port, "max_connections: 3, fair: off")) { gateway in
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for _ in 0..<3 { tasks.addTask { try await Self.get("heavy.test", "/slow", port: gateway.port) } }
        try await Self.wait(gateway, waiting: 0, at: log, 3)
        tasks.addTask { try await Self.get("light.test", port: gateway.port) }
        try await Self.wait(gateway, waiting: 1, at: log, 3)
        released.finish()
        for try await text in tasks { #expect(text.hasSuffix("hello")) }
      }
    }
  }

  @Test func theHeaviestLosesItsNewest() async throws {
    let log = RequestLog()
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await Self.origin(log, until: release)
    try await TestGateway.with(Self.yaml(origin.port, "max_connections: 2, max_waiting: 3")) { gateway in
      try await withThrowingTaskGroup(of: (String, String).self) { tasks in
        func ask(_ domain: String, _ path: String) {
          tasks.addTask { (path, try await Self.get(domain, path, port: gateway.port)) }
        }
        ask("heavy.test", "/slow")
        try await Self.wait(gateway, waiting: 0, at: log, 1)
        ask("other.test", "/slow-too")
        try await Self.wait(gateway, waiting: 0, at: log, 2)
        for number in 1...3 {
          ask("heavy.test", "/heavy\(number)")
          try await Self.wait(gateway, waiting: number, at: log, 2)
        }
        // The newest of the heaviest goes, and the newcomer waits.
        ask("light.test", "/light")
        let (path, text) = try #require(try await tasks.next())
        #expect(path == "/heavy3" && text.hasPrefix("HTTP/1.1 503 "), "\(path): \(text)")
        #expect(text.contains("upstream_overloaded") && text.contains("\r\nRetry-After: 1\r\n"))
        // A newcomer of the heaviest is refused.
        let refused = try await Self.get("heavy.test", "/heavy4", port: gateway.port)
        #expect(refused.contains("upstream_busy") && refused.contains("\r\nRetry-After: 1\r\n"))
        let upstream = try await gateway.gateway.upstreams()[0]
        #expect(upstream.shed == 1 && upstream.waiting == 3)
        let reasons = try await gateway.counters().reasons
        #expect(reasons["upstream_overloaded"] == 1 && reasons["upstream_busy"] == 1)
        released.finish()
        for try await (path, text) in tasks { #expect(text.hasSuffix("hello"), "\(path): \(text)") }
      }
      // Who holds none comes before who waits longer.
      let order = log.requests.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
      let (light, second) = (order.firstIndex(of: "/light"), order.firstIndex(of: "/heavy2"))
      #expect(try #require(light) < #require(second), "\(order)")
      try await Self.checkNothingIsLeft(gateway)
    }
  }

  /// Clients that leave, while they wait and while they are served, give back what they hold.
  @Test func whoLeavesGivesBack() async throws {
    let log = RequestLog()
    let (release, released) = AsyncStream<Void>.makeStream()
    let origin = try await Self.origin(log, until: release)
    try await TestGateway.with(Self.yaml(origin.port, "max_connections: 4, max_waiting: 8")) { gateway in
      for _ in 0..<5 {
        let before = log.requests.count
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          let (leave, left) = AsyncStream<Void>.makeStream()
          for _ in 0..<8 {
            tasks.addTask {
              try await RawConnection.with(port: gateway.port) { exchange in
                try await exchange.send("GET /slow HTTP/1.1\r\nHost: heavy.test\r\n\r\n")
                for await _ in leave {}
              }
            }
          }
          try await Self.wait(gateway, waiting: 5, at: log, before + 3)
          left.finish()
          try await tasks.waitForAll()
        }
        try await Self.checkNothingIsLeft(gateway)
      }
      released.finish()
      let text = try await Self.get("light.test", port: gateway.port)
      #expect(text.hasSuffix("hello"))
    }
  }

  /// Connections that cannot be made give their slots back too, and the queue goes on.
  @Test func deadEndpointsKeepNoSlots() async throws {
    let closed = try ClosedPort()
    let upstream = "max_connections: 3, max_waiting: 100, ejection: off"
    try await TestGateway.with(Self.yaml(closed.port, upstream)) { gateway in
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for number in 0..<60 {
          let domain = ["heavy.test", "light.test", "other.test"][number % 3]
          tasks.addTask { try await Self.get(domain, port: gateway.port) }
        }
        for try await text in tasks { #expect(text.contains("upstream_connect_failed"), "\(text)") }
      }
      try await Self.checkNothingIsLeft(gateway)
    }
  }

  /// Whatever becomes of exchanges and connections, at the end a domain gets as many connections as at first.
  @Test func noEndOfAnExchangeKeepsItsSlot() async throws {
    let log = RequestLog()
    let (release, released) = AsyncStream<Void>.makeStream()
    let origins = [try await Self.moody(log, until: release), try await Self.moody(log, until: release)]
    let endpoints = origins.map { "\"http://127.0.0.1:\($0.port)\"" }.joined(separator: ", ")
    let yaml = Self.yaml(
      0, "max_connections: 10, max_waiting: 20, ejection: off, retry: { attempts: 3, least: 1000, statuses: [503] }"
    ).replacing("\"http://127.0.0.1:0\"", with: endpoints)
    try await TestGateway.with(yaml) { gateway in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<300 {
          tasks.addTask { try await Self.visit(number, port: gateway.port) }
          if number % 30 == 29 { try await tasks.next() }
        }
        try await tasks.waitForAll()
      }
      try await Self.checkNothingIsLeft(gateway)
      let before = log.requests.count
      try await withThrowingTaskGroup(of: String.self) { tasks in
        for _ in 0..<12 { tasks.addTask { try await Self.get("heavy.test", "/slow", port: gateway.port) } }
        try await Self.wait(gateway, waiting: 3, at: log, before + 9)
        #expect(log.requests.count == before + 9)
        released.finish()
        for try await text in tasks { #expect(text.hasSuffix("hello"), "\(text)") }
      }
      try await Self.checkNothingIsLeft(gateway)
    }
  }

  /// Some leave before their answer, some at once.
  private static func visit(_ number: Int, port: Int) async throws {
    let domain = ["heavy.test", "light.test", "other.test"][number % 3]
    let request = "GET /\(number) HTTP/1.1\r\nHost: \(domain)\r\nConnection: close\r\n\r\n"
    try await RawConnection.with(port: port) { exchange in
      try await exchange.send(request)
      if number % 5 == 0 { return }
      if number % 7 == 0 { return try await Task.sleep(for: .milliseconds(3)) }
      let text = await exchange.receiveAll()
      #expect(text.hasPrefix("HTTP/1.1 "), "\(text)")
    }
  }

  /// An origin that answers, refuses, breaks off, closes, and takes its time, in turn.
  private static func moody(_ log: RequestLog, until release: AsyncStream<Void>) async throws -> ScriptedOrigin {
    try await ScriptedOrigin.start { exchange, connection in
      var count = connection
      while let message = try await exchange.receiveMessage() {
        log.append(message.head)
        if message.head.hasPrefix("GET /slow") {
          for await _ in release {}
          try await exchange.send(helloResponse)
          continue
        }
        count += 1
        switch count % 7 {
        case 0: try await exchange.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        case 1: return
        case 2: return try await exchange.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe")
        case 3: try await exchange.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        case 4:
          try await Task.sleep(for: .milliseconds(5))
          try await exchange.send(helloResponse)
        default: try await exchange.send(helloResponse)
        }
      }
    }
  }
}
