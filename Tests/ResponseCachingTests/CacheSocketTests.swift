import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import ResponseCaching

/// Takes the caller's word for who asks; in a test nobody lies.
private struct NamedCallerPlugin: Plugin {
  struct Settings: PluginSettings {
    init(reading settings: SettingsReader) {}
  }

  static let descriptor = PluginDescriptor(id: "named-caller", summary: "Identifies a caller by X-Caller.")

  init(settings: Settings, at position: SourcePosition, environment: PluginEnvironment) {}

  func makeFilter(on loop: LoopContext) -> any Filter { NamedCallerFilter() }
}

private final class NamedCallerFilter: IdentityFilter {
  func identify(_ exchange: Exchange) -> Verdict {
    guard let index = exchange.request.block.firstIndex(named: "x-caller") else { return .next }
    let number = exchange.request.block.withValue(index) { UInt64($0.first ?? 0) }
    exchange.identity = .sample(number)
    return .next
  }
}

/// The cache behind a real socket, with `respect: origin`.
@Suite struct CacheSocketTests {
  private func answers(
    _ settings: String, origin response: String, _ requests: [String]
  ) async throws -> (answers: [String], asked: Int) {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(response, recording: log)
    defer { origin.stop() }
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin.port)"] } }
      domain_from: [host]
      domains:
        - name: gateway.test
          upstream: origin
          use: [{ named-caller: {} }, { cache: \(settings) }]
      """
    let plugins: [any Plugin.Type] = [NamedCallerPlugin.self, ResponseCachingPlugin.self]
    let answers = try await TestGateway.with(yaml, plugins: plugins) { gateway in
      try await RawConnection.with(port: gateway.port) { connection in
        var answers: [String] = []
        for request in requests {
          try await connection.send(request + "\r\nHost: gateway.test\r\n\r\n")
          let hasContent = !request.hasPrefix("HEAD")
          let head = hasContent ? nil : try await connection.receive(until: "\r\n\r\n")
          let message = hasContent ? try await connection.receiveMessage() : nil
          answers.append((head ?? message?.head ?? "") + String(decoding: message?.content ?? [], as: UTF8.self))
        }
        return answers
      }
    }
    return (answers, log.requests.count)
  }

  private static let response = """
    HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nETag: "v1"\r\nVary: Accept-Encoding\r\nContent-Length: 10\r\n\r
    0123456789
    """

  /// Seconds; more than any test takes where there is no age.
  private static func age(_ answer: String) -> Int64 {
    answer.firstMatch(of: /\r\nAge: (\d+)\r\n/).flatMap { Int64($0.1) } ?? .max
  }

  @Test func oneAnswerInAllItsForms() async throws {
    let began = ContinuousClock.now
    let (answers, asked) = try await answers(
      "{ respect: origin, share: domain }", origin: Self.response,
      [
        "GET /a HTTP/1.1", "GET /a HTTP/1.1", "HEAD /a HTTP/1.1", "GET /a HTTP/1.1\r\nIf-None-Match: W/\"v1\"",
        "GET /a HTTP/1.1\r\nRange: bytes=-3", "GET /a HTTP/1.1\r\nRange: bytes=10-",
        "GET /a HTTP/1.1\r\nAccept-Encoding: br, gzip", "GET /a HTTP/1.1\r\nAccept-Encoding: gzip;q=1.0,BR",
        "GET /none HTTP/1.1\r\nCache-Control: only-if-cached",
      ])
    #expect(asked == 2)
    let beginnings = [200, 200, 200, 304, 206, 416, 200, 200, 504]
    for (answer, status) in zip(answers, beginnings) { #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)") }
    for (answer, said) in zip(
      answers, ["fwd=miss; stored", "hit", "hit", "hit", "hit", "hit", "fwd=vary-miss; stored", "hit"])
    {
      #expect(answer.contains("Cache-Status: gatehouse; \(said)"), "\(answer)")
    }
    #expect(Self.age(answers[1]) <= began.duration(to: .now).components.seconds)
    #expect(answers[1].hasSuffix("\r\n\r\n0123456789"))
    #expect(answers[2].contains("Content-Length: 10\r\n") && answers[2].hasSuffix("\r\n\r\n"))
    #expect(!answers[3].contains("Content-Length") && answers[3].contains("ETag: \"v1\"\r\n"))
    #expect(answers[4].contains("Content-Range: bytes 7-9/10\r\n"))
    #expect(answers[4].contains("Content-Length: 3\r\n") && answers[4].hasSuffix("\r\n\r\n789"))
    #expect(answers[5].contains("Content-Range: bytes */10\r\n") && answers[5].contains("range_not_satisfiable"))
  }

  @Test func nobodyGetsAnothers() async throws {
    let (answers, asked) = try await answers(
      "{ respect: origin }", origin: Self.response,
      ["a", "b", "a", "b"].map { "GET /a HTTP/1.1\r\nX-Caller: \($0)" } + ["GET /a HTTP/1.1", "GET /a HTTP/1.1"])
    #expect(asked == 4)
    let said = ["fwd=miss; stored", "fwd=miss; stored", "hit", "hit", "fwd=bypass", "fwd=bypass"]
    for (answer, said) in zip(answers, said) {
      #expect(answer.contains("Cache-Status: gatehouse; \(said)"), "\(answer)")
    }
  }

  @Test func whatTheOriginForbidsIsAskedForEachTime() async throws {
    let forbidden = Self.response.replacing("public, max-age=60", with: "max-age=60")
    let (_, asked) = try await answers(
      "{ respect: origin }", origin: forbidden, Array(repeating: "GET /a HTTP/1.1\r\nX-Caller: a", count: 3))
    #expect(asked == 3)
  }
}
