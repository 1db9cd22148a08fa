import GatewayKit
import GatewayTesting
import HTTPWire
import Testing

@testable import GatewayEngine

@Suite struct ClientTrailTests {
  private let bench = Bench()
  private let trusted = TrustedProxies(["10.0.0.0/8", "2001:db8::/32"].compactMap(network))

  private func trail(_ peer: String = "10.0.0.1") throws -> ClientTrail {
    let peer = try #require(IPAddress(peer))
    return try #require(ClientTrail(peer, trusted))
  }

  /// Who the client of a request with these fields is, and what the origin is told.
  private func follow(_ fields: String..., peer: String = "10.0.0.1") throws -> (client: String, field: String) {
    let trail = try self.trail(peer)
    let exchange = try bench.exchange("GET / HTTP/1.1", fields, address: peer)
    trail.follow(exchange)
    #expect(exchange.clientIP == IPAddress(exchange.clientAddress))
    #expect(exchange.peerAddress == peer && exchange.peerIP == IPAddress(peer))
    return (exchange.clientAddress, text(trail))
  }

  private func text(_ trail: ClientTrail) -> String {
    var text = ""
    trail.withField { text = String(decoding: $0, as: UTF8.self) }
    return text
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1", "192.0.2.1, 10.0.0.1"),
    // What stands before the client is the client's own invention.
    ("198.51.100.7, 192.0.2.1", "192.0.2.1", "192.0.2.1, 10.0.0.1"),
    ("198.51.100.7, 192.0.2.1, 10.0.0.9, 10.0.0.8", "192.0.2.1", "192.0.2.1, 10.0.0.9, 10.0.0.8, 10.0.0.1"),
    // All are trusted.
    ("10.0.0.9,10.0.0.8", "10.0.0.9", "10.0.0.9, 10.0.0.8, 10.0.0.1"),
    // The walk ends at what is no address.
    ("192.0.2.1, unknown, 10.0.0.8", "10.0.0.8", "10.0.0.8, 10.0.0.1"),
    ("192.0.2.1, unknown", "10.0.0.1", "10.0.0.1"), ("unknown", "10.0.0.1", "10.0.0.1"),
    ("192.0.2.1,", "10.0.0.1", "10.0.0.1"), ("192.0.2.1,,10.0.0.8", "10.0.0.8", "10.0.0.8, 10.0.0.1"),
    ("", "10.0.0.1", "10.0.0.1"), ("10.0.0.9, 010.0.0.8", "10.0.0.1", "10.0.0.1"),
    ("192.0.2.1, \"10.0.0.8\"", "10.0.0.1", "10.0.0.1"), ("192.0.2.1, for=10.0.0.8", "10.0.0.1", "10.0.0.1"),
    // Ports and versions.
    ("192.0.2.1:443,\t10.0.0.8:1 ", "192.0.2.1", "192.0.2.1, 10.0.0.8, 10.0.0.1"),
    ("[2001:DB9::1]:443, 2001:db8::5", "2001:db9::1", "2001:db9::1, 2001:db8::5, 10.0.0.1"),
    ("[2001:db9::1]", "2001:db9::1", "2001:db9::1, 10.0.0.1"),
    ("192.0.2.1, ::ffff:10.0.0.8", "192.0.2.1", "192.0.2.1, 10.0.0.8, 10.0.0.1"),
    ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1, 10.0.0.1"),
  ])
  func findsTheClient(_ field: String, _ client: String, _ told: String) throws {
    let found = try follow("X-Forwarded-For: \(field)")
    #expect(found.client == client && found.field == told)
  }

  @Test func readsAllLinesAsOneList() throws {
    let found = try follow(
      "X-Forwarded-For: 198.51.100.7, 192.0.2.1", "Accept: */*", "x-forwarded-for: 10.0.0.9",
      "X-FORWARDED-FOR: 10.0.0.8")
    #expect(found.client == "192.0.2.1" && found.field == "192.0.2.1, 10.0.0.9, 10.0.0.8, 10.0.0.1")
  }

  @Test func withoutTheFieldThePeerIsTheClient() throws {
    let found = try follow("Forwarded: for=192.0.2.1", peer: "2001:db8::1")
    #expect(found.client == "2001:db8::1" && found.field == "2001:db8::1")
  }

  @Test func readsNoMoreThanItsBound() throws {
    let proxies = Array(repeating: "10.0.0.2", count: ClientTrail.most - 1)
    let within = try follow("X-Forwarded-For: 192.0.2.1, " + proxies.joined(separator: ", "))
    #expect(within.client == "192.0.2.1")
    let beyond = try follow("X-Forwarded-For: 192.0.2.1, 10.0.0.3, " + proxies.joined(separator: ", "))
    #expect(beyond.client == "10.0.0.3")
    let lines = (proxies + proxies).map { "X-Forwarded-For: \($0)" }
    let trail = try self.trail()
    let exchange = try bench.exchange("GET / HTTP/1.1", lines, address: "10.0.0.1")
    trail.follow(exchange)
    #expect(text(trail).split(separator: ", ").count == ClientTrail.most + 1)
  }

  @Test func whoIsNotTrustedHasNoTrail() throws {
    for peer in ["192.0.2.1", "11.0.0.0", "2001:db9::1", "::1"] {
      let address = try #require(IPAddress(peer))
      #expect(ClientTrail(address, trusted) == nil)
    }
    let proxy = try #require(IPAddress("10.0.0.1"))
    #expect(ClientTrail(proxy, TrustedProxies([])) == nil)
  }

  /// A proxy sends the requests of many clients over one connection.
  @Test func eachRequestHasItsOwnClient() throws {
    let trail = try self.trail()
    for (field, client) in [
      ("X-Forwarded-For: 192.0.2.1", "192.0.2.1"), ("X-Forwarded-For: 192.0.2.2", "192.0.2.2"), ("A: b", "10.0.0.1"),
      ("X-Forwarded-For: 192.0.2.2, 10.0.0.5", "192.0.2.2"), ("X-Forwarded-For: 192.0.2.2", "192.0.2.2"),
    ] {
      let exchange = try bench.exchange("GET / HTTP/1.1", [field], address: "10.0.0.1")
      trail.follow(exchange)
      #expect(exchange.clientAddress == client && text(trail).hasSuffix("10.0.0.1"))
      #expect(text(trail).hasPrefix(client))
      exchange.reset()
      #expect(exchange.clientAddress == "10.0.0.1" && exchange.clientIP == IPAddress("10.0.0.1"))
    }
  }

  @Test(arguments: [
    (["X-Forwarded-Proto: https"], true), (["X-Forwarded-Proto: http"], false), (["X-Forwarded-Proto: HTTPS"], nil),
    (["X-Forwarded-Proto: https, http"], nil), (["X-Forwarded-Proto: https", "X-Forwarded-Proto: https"], nil),
    (["X-Forwarded-Proto: wss"], nil), (["X-Forwarded-Proto:"], nil), ([], nil),
  ])
  func believesOneScheme(_ fields: [String], _ isSecure: Bool?) throws {
    let trail = try self.trail()
    for ownScheme in [false, true] {
      let exchange = try bench.exchange("GET / HTTP/1.1", fields, address: "10.0.0.1")
      exchange.isSecure = ownScheme
      trail.follow(exchange)
      #expect(exchange.isClientSecure == isSecure ?? ownScheme)
      #expect(exchange.isSecure == ownScheme)
    }
  }
}

@Suite struct TrustedProxyTests {
  /// Whatever the networks are, an address is trusted when one of them has it.
  @Test(arguments: 0..<20)
  func containsWhatOneOfThemHas(seed: UInt64) {
    var random = SplitMix(state: seed)
    let address = { () -> IPAddress in
      // Few bits, so that networks lie in each other.
      let bits = random.next() & 0x0F0F_0000
      return random.next() % 2 == 0
        ? IPAddress(v4: UInt32(truncatingIfNeeded: bits)) : IPAddress(v6: UInt128(bits) << 96)
    }
    let networks = (0..<40).map { _ in IPNetwork(address(), prefix: Int(random.next() % 34)) }
      .filter { $0.prefix > 4 }
    let trusted = TrustedProxies(networks)
    for _ in 0..<2000 {
      let asked = address()
      #expect(trusted.contains(asked) == networks.contains { $0.contains(asked) }, "\(asked) in \(networks)")
    }
  }

  @Test func endsOfTheNumbers() throws {
    let trusted = TrustedProxies(["255.255.255.255", "0.0.0.0", "ffff::/16", "::"].compactMap(network))
    for text in ["255.255.255.255", "0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"] {
      let address = try #require(IPAddress(text))
      #expect(trusted.contains(address))
    }
    for text in ["255.255.255.254", "0.0.0.1", "fffe::", "::1"] {
      let address = try #require(IPAddress(text))
      #expect(!trusted.contains(address))
    }
    #expect(TrustedProxies([]).isEmpty)
  }
}

@Suite struct TrustedForwardingTests {
  private func seen(_ trusted: String, _ fields: [String]...) async throws -> [String] {
    let log = RequestLog()
    let origin = try await ScriptedOrigin.answering(helloResponse, recording: log)
    try await TestGateway.with(configuration(origin: origin.port, "trusted_proxies: [\(trusted)]")) { gateway in
      try await RawConnection.with(port: gateway.port) { exchange in
        for fields in fields {
          let lines = fields.map { $0 + "\r\n" }.joined()
          try await exchange.send("GET / HTTP/1.1\r\nHost: example.com\r\n\(lines)\r\n")
          #expect(try await exchange.receiveMessage() != nil)
        }
      }
    }
    return log.requests
  }

  @Test func tellsTheOriginOfTheClientAndTheProxies() async throws {
    let requests = try await seen(
      "127.0.0.1, 10.0.0.0/8",
      ["X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.1.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"], [])
    #expect(requests.count == 2)
    #expect(requests[0].contains("\r\nX-Forwarded-For: 192.0.2.1, 10.1.1.1, 127.0.0.1\r\n"))
    #expect(requests[0].contains("\r\nX-Forwarded-Proto: https\r\n") && !requests[0].contains("6.6.6.6"))
    #expect(requests[0].contains("\r\nX-Forwarded-Host: example.com\r\n") && !requests[0].contains("evil"))
    // The next request on the connection is nobody's but the peer's.
    #expect(requests[1].contains("\r\nX-Forwarded-For: 127.0.0.1\r\n"))
    #expect(requests[1].contains("\r\nX-Forwarded-Proto: http\r\n"))
  }

  @Test func believesNobodyElse() async throws {
    let requests = try await seen("10.0.0.0/8", ["X-Forwarded-For: 192.0.2.1, 10.1.1.1", "X-Forwarded-Proto: https"])
    #expect(requests.first?.contains("\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n") == true)
  }
}

/// From the way it is written in a configuration.
private func network(_ text: String) -> IPNetwork? {
  let parts = text.split(separator: "/")
  guard let address = IPAddress(String(parts[0])) else { return nil }
  return IPNetwork(address, prefix: parts.count > 1 ? Int(parts[1]) ?? 0 : address.family.width)
}
