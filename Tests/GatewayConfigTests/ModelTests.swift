import GatewayKit
import Testing

@Suite struct ModelTests {
  @Test func everySettingArrives() throws {
    let loaded = try parse(
      """
      version: 1
      listeners:
        - { bind: "[::1]:8080", domain_from: host }
        - { bind: LOCALHOST:0, connections: 3 }
      admin: { bind: 127.0.0.1:9080 }
      domain_from: [host, losantdomain]
      trusted_proxies: [10.0.0.0/8, 192.0.2.1, "2001:DB8::/32", "::1", "::ffff:172.16.0.0/108"]
      upstreams:
        one: { endpoints: [https://Api.test, "http://h:81/base/", "h:82", "http://[::1]"], connect_timeout: 1s, head_timeout: 2s,
          idle_timeout: 3s, max_connections: 4, max_idle: 3, max_waiting: 0 }
        two: { endpoints: "h:1" }
      limits: { request_line: 1KB, head: 2KB, fields: 3, body: unlimited, connections: 4, chunk_extension: 0B,
        response_head: 5KB, drain_body: 6B, connections_per_address: 7, requests_per_connection: 8, response_buffer: 9KB,
        request_buffer: 10KB, trailers: 11B, least_rate: 12B, tunnels: 13,
        background: 14, background_per_domain: 15 }
      paths: { merge_slashes: false }
      timeouts: { request_head: 1s, keep_alive_idle: 2s, body_idle: 3s, upstream_connect: 4s, upstream_head: 5s,
        upstream_body_idle: 6s, plugin_wait: 7s, linger: 8s, stream_idle: 9s, body_grace: 10s, exchange: 11s, tunnel_idle: 12s }
      shutdown: { delay: 1s, limit: 2s }
      log: { level: debug }
      stores: { memory: { entries: 5000, size: 3MB }, cache: { size: 5MB, domain: 7% }, redis: { url: rediss://h/2, user: u, password: { env: P },
        ca: /ca.pem, connect_timeout: 9ms, timeout: 8ms, max_in_flight: 7, gateways: 6 } }
      domains:
        - { name: A.test, hosts: B.test, upstream: one, websocket: false, routes: [
            { match: { method: [GET, HEAD], path: /x }, upstream: two, stream: true, websocket: true },
            { match: { path: /y } }, { match: { path: /z }, websocket: false }] }
      """, environment: ["P": "secret"])
    #expect(loaded.listeners.map(\.bind.description) == ["[::1]:8080", "localhost:0"])
    #expect(loaded.listeners.map(\.domainSources) == [[.host], nil])
    #expect(loaded.listeners.map(\.connections) == [nil, 3])
    #expect(loaded.admin?.bind == BindAddress(host: "127.0.0.1", port: 9080))
    #expect(loaded.domainSources == [.host, .losantdomain])
    #expect(
      loaded.trustedProxies.map(\.description)
        == ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "172.16.0.0/12"])
    #expect(
      loaded.upstreams[0].endpoints.map(\.description)
        == ["https://api.test:443", "http://h:81/base", "http://h:82", "http://[::1]:80"])
    #expect(loaded.upstreams[0].connectTimeout == .seconds(1) && loaded.upstreams[1].connectTimeout == .seconds(4))
    #expect(loaded.upstreams[0].headTimeout == .seconds(2) && loaded.upstreams[1].headTimeout == .seconds(5))
    #expect(loaded.upstreams[0].idleTimeout == .seconds(3))
    #expect(
      [loaded.upstreams[0].maxConnections, loaded.upstreams[0].maxIdle, loaded.upstreams[0].maxWaiting] == [4, 3, 0])
    checkLimits(loaded)
    #expect(loaded.stores.memory.entries == 5000 && loaded.stores.memory.size == 3 << 20)
    #expect(loaded.stores.cache == CacheBounds(size: 5 << 20, domain: 7))
    #expect(loaded.stores.redis?.gateways == 6)
    #expect(loaded.stores.redis?.host == "h" && loaded.stores.redis?.port == 6379 && loaded.stores.redis?.database == 2)
    #expect(loaded.stores.redis?.isTLS == true && loaded.stores.redis?.password?.text == "secret")
    #expect(loaded.stores.redis?.authority == "/ca.pem" && loaded.stores.redis?.maxInFlight == 7)
    #expect(loaded.stores.redis?.connectTimeout == .milliseconds(9) && loaded.stores.redis?.timeout == .milliseconds(8))
    let domain = loaded.domains[0]
    #expect(domain.name == "a.test" && domain.hosts == ["b.test"] && domain.upstream == "one")
    #expect(domain.routes[0].methods == ["GET", "HEAD"] && domain.routes[0].upstream == "two")
    #expect(!domain.webSocket && domain.routes.map(\.webSocket) == [true, nil, false])
    #expect(domain.routes.map(\.isStream) == [true, false, false])
  }

  private func checkLimits(_ loaded: GatewayConfiguration) {
    let limits = loaded.limits
    #expect([limits.requestLine, limits.head, limits.fields, limits.connections] == [1024, 2048, 3, 4])
    #expect([limits.chunkExtension, limits.responseHead, limits.drainBody] == [0, 5120, 6] && limits.body == nil)
    #expect([limits.connectionsPerAddress, limits.requestsPerConnection, limits.tunnels] == [7, 8, 13])
    #expect([limits.background, limits.backgroundPerDomain] == [14, 15])
    #expect(
      [limits.responseBuffer, limits.requestBuffer, limits.trailers, limits.leastRate] == [9216, 10_240, 11, 12])
    #expect(!loaded.mergesSlashes)
    let times = loaded.timeouts
    let seconds = [
      times.requestHead, times.keepAliveIdle, times.bodyIdle, times.upstreamConnect, times.upstreamHead,
      times.upstreamBodyIdle, times.pluginWait, times.linger, times.streamIdle, times.bodyGrace, times.exchange,
      times.tunnelIdle,
    ]
    #expect(seconds == (1...12).map { Duration.seconds($0) })
    #expect(loaded.shutdown.delay == .seconds(1) && loaded.shutdown.limit == .seconds(2))
    #expect(loaded.log.level == .debug)
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let loaded = try parse(configuration())
    #expect(loaded.limits == LimitsConfiguration() && loaded.timeouts == TimeoutsConfiguration())
    #expect(loaded.trustedProxies.isEmpty)
    #expect(loaded.domainSources == [.losantdomain, .host] && loaded.admin == nil && loaded.stores.redis == nil)
    #expect(loaded.stores.memory.entries == 1_000_000 && loaded.stores.memory.size == 256 << 20)
    #expect(loaded.stores.cache.size == 256 << 20 && loaded.stores.cache.domain == 50)
    #expect(loaded.domains[0].routes.isEmpty && loaded.sources == ["g.yaml"])
    #expect(loaded.mergesSlashes && loaded.domains[0].webSocket && loaded.listeners[0].tls == nil)
  }

  @Test func boundsCanBeSwitchedOff() throws {
    let loaded = try parse(
      configuration(
        more: """
          limits: { body: unlimited, connections_per_address: unlimited, least_rate: off, trailers: 0B, tunnels: 0 }
          timeouts: { exchange: unlimited }
          """))
    #expect(loaded.limits.body == nil && loaded.limits.connectionsPerAddress == nil && loaded.limits.leastRate == 0)
    #expect(loaded.limits.trailers == 0 && loaded.limits.tunnels == 0 && loaded.timeouts.exchange == nil)
    #expect(try parse(configuration(more: "limits: { least_rate: 0B }")).limits.leastRate == 0)
  }

  @Test(arguments: [
    "http://", "http://h:0", "http://h:99999", "http://h:80x", "http://u@h", "http://h?x", "http://h#x",
    "http://h/../a",
    "http://h//a", "http://h/{a}", "http://h/*", "h", "h:80/", "h:80/a", "ws://h", "http://[::1", "http://[h]", "://h",
    "",
  ])
  func malformedEndpointsAreRefused(_ text: String) {
    let found = issues(configuration([3: "upstreams: { api: { endpoints: [\"\(text)\"] } }"]))
    #expect(found.map(\.path) == ["upstreams.api.endpoints[0]"])
  }

  @Test(arguments: [
    "", ":80", "h", "h:", "h:-1", "h:+1", "h:65536", "h:000080", "::1:80", "[::1]",
    "[::1]80", "[::1\\0x]:80", "[::g]:80",
    "1.2.3:80", "1.2.3.4.5:80", "01.2.3.4:80", "h h:80", "h_:80", "\u{212A}:80", "h\\0:80", "0.0.0.0/0:80",
  ])
  func malformedAddressesAreRefused(_ text: String) {
    #expect(issues(configuration([2: "listeners: [{ bind: \"\(text)\" }]"])).map(\.path) == ["listeners[0].bind"])
  }

  private func plugins(_ floor: String, _ defaults: String, _ domain: String, _ route: String) throws -> [UseEntry] {
    let loaded = try parse(
      configuration(
        [
          4:
            "domains: [{ name: a.test, upstream: api, use: [\(domain)], routes: [{ match: { path: / }, use: [\(route)] }] }]"
        ],
        more: "floor: { use: [\(floor)] }\ndefaults: { use: [\(defaults)] }"))
    return loaded.effectiveUse(domain: loaded.domains[0], route: loaded.domains[0].routes[0])
  }

  @Test func routeOverridesDomainOverridesDefaultInPlace() throws {
    let use = try plugins("f", "a: {x: 1}, b: {x: 1}, c: {x: 1}, d", "b: {x: 2}, c: {x: 2}, e", "c: {x: 3}, g, a: off")
    #expect(use.map(\.plugin) == ["f", "b", "c", "d", "e", "g"])
    let values = use.map { SettingsReader($0.settings, path: "", issues: IssueCollector()).int("x", default: 0) }
    #expect(values == [0, 2, 3, 0, 0, 0])
  }

  @Test func theFloorStaysWhateverADomainAdds() throws {
    let use = try plugins("limit: {x: 1}", "", "limit: {x: 2}", "limit: {x: 3}")
    #expect(use.map(\.plugin) == ["limit", "limit"])
    let values = use.map { SettingsReader($0.settings, path: "", issues: IssueCollector()).int("x", default: 0) }
    #expect(values == [1, 3])
  }

  @Test func aRouteCanDropWhatItsDomainAdds() throws {
    #expect(try plugins("", "a", "b", "b: off").map(\.plugin) == ["a"])
    #expect(try plugins("", "a", "a: off", "").map(\.plugin) == [])
    #expect(try plugins("", "a", "a: off", "a: {x: 1}").map(\.plugin) == ["a"])
  }

  @Test func patternsOfOneShapeMatchTheSamePaths() throws {
    #expect(try PathPattern("/a/{b}/c").shape == (try PathPattern("/a/{x}/c").shape))
    #expect(try PathPattern("/a/{b}").shape != (try PathPattern("/a/*").shape))
    #expect(try PathPattern("/").segments == [])
    #expect(try PathPattern("/*").segments == [.rest])
    #expect(try PathPattern("/a/{b}/*").segments == [.fixed("a"), .parameter("b"), .rest])
    #expect(throws: PathPattern.Problem.self) { try PathPattern(String(repeating: "/a", count: 65)) }
  }
}
