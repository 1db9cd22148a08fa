import GatewayTesting
import Testing

@Suite struct DomainTests {
  private static func yaml(_ one: Int, _ two: Int) -> String {
    """
    version: 1
    listeners: [{ bind: "127.0.0.1:0" }]
    \(patience)
    upstreams:
      one: { endpoints: ["http://127.0.0.1:\(one)"] }
      two: { endpoints: ["http://127.0.0.1:\(two)"] }
    domains:
      - name: one.example
        hosts: [api.one.example]
        upstream: one
      - name: two.example
        upstream: two
        routes:
          - match: { method: GET, path: "/special/{id}" }
            upstream: one
      - name: three.example
        routes:
          - match: { path: "/only" }
            upstream: two
    """
  }

  private struct Case: CustomTestStringConvertible {
    let host: String
    let domain: String?
    var path = "/"
    let expected: String
    var testDescription: String { "\(host) \(domain ?? "-") \(path)" }
  }

  private static let cases = [
    Case(host: "gateway.test", domain: "one.example", expected: "one"),
    Case(host: "gateway.test", domain: "ONE.example", expected: "one"),
    Case(host: "gateway.test", domain: "two.example", expected: "two"),
    Case(host: "API.one.example:8080", domain: nil, expected: "one"),
    Case(host: "two.example", domain: "", expected: "two"),
    Case(host: "two.example", domain: "two.example", expected: "two"),
    Case(host: "one.example", domain: "two.example", expected: "domain_mismatch"),
    Case(host: "gateway.test", domain: nil, expected: "domain_unknown"),
    Case(host: "one.example", domain: "nobody.example", expected: "domain_unknown"),
    Case(host: "gateway.test", domain: "one.example,two.example", expected: "domain_unknown"),
    Case(host: "two.example", domain: nil, path: "/special/7", expected: "one"),
    Case(host: "two.example", domain: nil, path: "/x/../special/7", expected: "one"),
    Case(host: "two.example", domain: nil, path: "/special/7/8", expected: "two"),
    Case(host: "three.example", domain: nil, path: "/only", expected: "two"),
    Case(host: "three.example", domain: nil, path: "/other", expected: "route_unknown"),
  ]

  @Test func routesByDomain() async throws {
    let one = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
    let two = try await ScriptedOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo")
    try await TestGateway.with(Self.yaml(one.port, two.port)) { gateway in
      for item in Self.cases {
        let domain = item.domain.map { "losantdomain: \($0)\r\n" } ?? ""
        let text = "GET \(item.path) HTTP/1.1\r\nHost: \(item.host)\r\n\(domain)Connection: close\r\n\r\n"
        let response = try await answer(to: text, port: gateway.port)
        #expect(response.contains(item.expected), "\(item.testDescription): \(response)")
      }
    }
  }

  @Test func sendsNoTenantThatWasNotJudged() async throws {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(configuration(origin: origin.port, "domain_from: [host]")) { gateway in
      let text = "GET / HTTP/1.1\r\nHost: example.com\r\nlosantdomain: victim.example\r\nConnection: close\r\n\r\n"
      let response = try await answer(to: text, port: gateway.port)
      #expect(response.hasSuffix("hello"))
    }
    #expect(log.requests.count == 1)
    #expect(log.requests.allSatisfy { !$0.contains("victim") })
  }

  /// What the origin is told of the tenant: the name that was judged, once, or nothing when the client said nothing.
  @Test(arguments: [
    (["losantdomain: one.example"], ["one.example"]), (["LosantDomain:\t one.example \t"], ["one.example"]),
    (["losantdomain: ONE.example"], ["one.example"]), (["losantdomain: api.one.example"], ["one.example"]),
    (["losantdomain:one.example", "Connection: x-other"], ["one.example"]),
    (["losantdomain:"], []), (["losantdomain: \t "], []), ([], []),
  ])
  func tellsTheOriginWhatWasJudged(_ fields: [String], _ expected: [String]) async throws {
    let log = RequestLog()
    let one = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(Self.yaml(one.port, one.port)) { gateway in
      let lines = ["GET / HTTP/1.1", "Host: one.example"] + fields + ["Connection: close", "", ""]
      let response = try await answer(to: lines.joined(separator: "\r\n"), port: gateway.port)
      #expect(response.hasSuffix("hello"), "\(response)")
    }
    let sent = try #require(log.requests.first).split(separator: "\r\n").filter {
      $0.lowercased().hasPrefix("losantdomain")
    }
    #expect(sent.map { $0.lowercased() } == expected.map { "losantdomain: \($0)" })
    #expect(sent.allSatisfy { !$0.contains("ONE") })
  }

  @Test(arguments: [
    ["losantdomain: one.example", "losantdomain: one.example"], ["losantdomain: one.example", "losantdomain:"],
    ["losantdomain:", "losantdomain: two.example"], ["losantdomain: one.example", "losant_domain: two.example"],
    ["losantdomain: one.example", "losant-domain: two.example"],
    ["losantdomain: one.example", "Connection: losantdomain"], ["losantdomain : one.example"],
    ["losantdomain: one.example", "x: y", " two.example"], ["losantdomain: two.example"],
  ])
  func sendsNothingThatIsAmbiguous(_ fields: [String]) async throws {
    let log = RequestLog()
    let one = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(Self.yaml(one.port, one.port)) { gateway in
      let lines = ["GET / HTTP/1.1", "Host: one.example"] + fields + ["Connection: close", "", ""]
      let response = try await answer(to: lines.joined(separator: "\r\n"), port: gateway.port)
      #expect(response.hasPrefix("HTTP/1.1 4"), "\(response)")
    }
    #expect(log.requests.isEmpty)
  }
}
