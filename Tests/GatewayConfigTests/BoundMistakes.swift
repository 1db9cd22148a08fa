import GatewayKit

extension Mistake {
  /// A line behind the smallest configuration. A caret stands in front of what is wrong there and is taken out.
  private static func section(_ marked: String, _ path: String, _ parts: String...) -> Mistake {
    Mistake([:], more: unmarked(marked), line: 5, column: column(marked), path: path, parts: parts)
  }

  /// The line of the domains, marked in the same way.
  private static func domain(_ marked: String, _ path: String, _ parts: String...) -> Mistake {
    let line = "domains: [{ name: a.test, upstream: api, \(marked) }]"
    return Mistake(
      [4: unmarked(line)], more: "", line: 4, column: column(line), path: "domains[0].\(path)", parts: parts)
  }

  /// The line of the upstreams with further settings, marked in the same way.
  static func upstream(
    _ marked: String, endpoints: String = "\"http://a\"", _ path: String, _ parts: String...
  ) -> Mistake {
    let line = "upstreams: { api: { endpoints: [\(endpoints)], \(marked) } }"
    return Mistake(
      [3: unmarked(line)], more: "", line: 3, column: column(line), path: "upstreams.api.\(path)", parts: parts)
  }

  private static func unmarked(_ text: String) -> String { text.replacing("^", with: "") }

  private static func column(_ text: String) -> Int { 1 + text.prefix { $0 != "^" }.count }

  static let bounds = [
    section("stores: { memory: { entries: ^1023 } }", "stores.memory.entries", "from 1024 to 100000000"),
    section("stores: { memory: { size: ^1023KB } }", "stores.memory.size", "a size from 1MB to 1"),
    section("stores: { cache: { size: ^1023KB } }", "stores.cache.size", "a size from 1MB to 1"),
    section("stores: { cache: { domain: ^0% } }", "stores.cache.domain", "from 1% to 100%"),
    section("stores: { cache: { domain: ^50 } }", "stores.cache.domain", "`50` is not a share", "20%"),
    section("stores: { cache: { ^share: 50% } }", "stores.cache.share", "known keys: size, domain"),
    section("stores: { redis: { url: redis://h, gateways: ^0 } }", "stores.redis.gateways", "from 1 to 10000"),
    section("stores: { redis: { url: redis://h, gateways: ^10001 } }", "stores.redis.gateways", "from 1 to 10000"),
    section("limits: { connections_per_address: ^0 }", "limits.connections_per_address", "1 to 1000000, or unlimited"),
    section("limits: { connections_per_address: ^none }", "limits.connections_per_address", "not a whole number"),
    section("limits: { requests_per_connection: ^0 }", "limits.requests_per_connection", "from 1 to 1000000000"),
    section("limits: { response_buffer: ^4095B }", "limits.response_buffer", "a size from 4KB to 16MB"),
    section("limits: { response_buffer: ^64 }", "limits.response_buffer", "`64` is not a size", "16KB"),
    section("limits: { request_buffer: ^17MB }", "limits.request_buffer", "a size from 4KB to 16MB"),
    section("limits: { trailers: ^2MB }", "limits.trailers", "a size from 0B to 1MB"),
    section("limits: { least_rate: ^240 }", "limits.least_rate", "`240` is not a size", "or off"),
    section("limits: { least_rate: ^2MB }", "limits.least_rate", "a size from 0B to 1MB, or off"),
    section("limits: { tunnels: ^-1 }", "limits.tunnels", "from 0 to 1000000"),
    section("limits: { background: ^-1 }", "limits.background", "from 0 to 100000"),
    section("limits: { background_per_domain: ^0 }", "limits.background_per_domain", "from 1 to 100000"),
    section("limits: { body: ^unlimted }", "limits.body", "not a size", "or unlimited"),
    section("paths: { merge_slashes: ^2 }", "paths.merge_slashes", "neither true nor false"),
    section("paths: { ^merge_slash: true }", "paths.merge_slash", "did you mean `merge_slashes`?"),
    section("timeouts: { stream_idle: ^0s }", "timeouts.stream_idle", "from 1ms to 7d"),
    section("timeouts: { body_grace: ^8d }", "timeouts.body_grace", "from 1ms to 7d"),
    section("timeouts: { exchange: ^off }", "timeouts.exchange", "`off` is not a duration", "7d, or unlimited"),
    section("timeouts: { exchange: ^8d }", "timeouts.exchange", "from 1ms to 7d, or unlimited"),
    section("timeouts: { tunnel_idle: ^5 }", "timeouts.tunnel_idle", "`5` is not a duration"),
    section("trusted_proxies: [10.0.0.0/8, ^proxy.test]", "trusted_proxies[1]", "no address and no network", "2001:"),
    section("trusted_proxies: ^10.1.2.3/8", "trusted_proxies", "bits are set behind", "10.0.0.0/8, or 10.1.2.3"),
    section("trusted_proxies: [^\"2001:db8::1/32\"]", "trusted_proxies[0]", "write 2001:db8::/32, or 2001:db8::1"),
    section("trusted_proxies: [^10.0.0.0/33]", "trusted_proxies[0]", "no proper length", "/1 to /32"),
    section("trusted_proxies: [^0.0.0.0/0]", "trusted_proxies[0]", "any client names itself"),
    section("trusted_proxies: [^10.0.0.0/08]", "trusted_proxies[0]", "no proper length"),
    section("trusted_proxies: [^10.0.0.0/]", "trusted_proxies[0]", "no proper length"),
    section("trusted_proxies: [^\"::/129\"]", "trusted_proxies[0]", "/1 to /128"),
    section("trusted_proxies: [^\"::ffff:10.0.0.0/8\"]", "trusted_proxies[0]", "/97 to /128"),
    section("trusted_proxies: [10.0.0.1, ^\"::ffff:10.0.0.1\"]", "trusted_proxies[1]", "`10.0.0.1` stands here twice"),
    section("trusted_proxies: [^010.0.0.1]", "trusted_proxies[0]", "no address"),
    section("trusted_proxies: ^{ from: 10.0.0.1 }", "trusted_proxies", "expected a text or a list of texts"),
    section("trusted_proxies: [^[10.0.0.1]]", "trusted_proxies[0]", "expected a text, found a list"),
    section(
      "trusted_proxies: ^[\((0...1000).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ", "))]",
      "trusted_proxies", "more than 1000 networks"),
    domain("websocket: ^maybe", "websocket", "neither true nor false"),
    domain("routes: [{ match: { path: / }, stream: ^x }]", "routes[0].stream", "write true or false"),
    domain("routes: [{ match: { path: / }, websocket: ^[a] }]", "routes[0].websocket", "found a list"),
    domain("routes: [{ match: { path: / }, ^streams: true }]", "routes[0].streams", "did you mean `stream`?"),
  ]

  static let upstreams = sharing + balancing + health + retries + originTLS

  private static let sharing = [
    upstream("fair: ^on", "fair", "or off"),
    upstream("^fair: ", "fair", "has nothing behind it"),
    upstream("fair: { headroom: ^91% }", "fair.headroom", "a share from 0% to 90%"),
    upstream("fair: { headroom: ^10 }", "fair.headroom", "`10` is not a share"),
    upstream("fair: { ^weight: { a.test: 2 } }", "fair.weight", "did you mean `weights`?"),
    upstream("fair: { weights: ^[a.test] }", "fair.weights", "expected a mapping"),
    upstream("fair: { weights: { a.test: ^0 } }", "fair.weights.a.test", "from 1 to 1000"),
    upstream("fair: { weights: { a.test: ^1001 } }", "fair.weights.a.test", "from 1 to 1000"),
    upstream("fair: { weights: { a.test: ^heavy } }", "fair.weights.a.test", "no whole number"),
    upstream("fair: { weights: { a.test: ^~ } }", "fair.weights.a.test", "has no weight"),
    upstream("fair: { weights: { a.test: 2, ^A.test: 3 } }", "fair.weights.A.test", "twice, first at g.yaml:3:"),
    upstream("fair: { weights: { ^b.test: 2 } }", "fair.weights.b.test", "there is no domain `b.test`", "`a.test`?"),
    upstream("fair: { weights: { ^other.example: 2 } }", "fair.weights.other.example", "the name of a domain"),
  ]

  private static let balancing = [
    upstream("", endpoints: "{ url: \"http://a\", weight: ^0 }", "endpoints[0].weight", "from 1 to 1000"),
    upstream("", endpoints: "{ url: \"http://a\", weight: ^1001 }", "endpoints[0].weight", "from 1 to 1000"),
    upstream("", endpoints: "^{ weight: 2 }", "endpoints[0].url", "is missing"),
    upstream("", endpoints: "{ url: ^\"ftp://a\" }", "endpoints[0].url", "is no endpoint"),
    upstream("", endpoints: "{ url: \"http://a\", ^wieght: 2 }", "endpoints[0].wieght", "did you mean `weight`?"),
    upstream("", endpoints: "\"http://a\", ^{ url: \"a:80\", weight: 2 }", "endpoints[1]", "stands here twice"),
    upstream("", endpoints: "^[\"http://a\"]", "endpoints[0]", "expected an endpoint, found a list", "weight: 3"),
    upstream("balance: ^random", "balance", "`random` is not known here", "least_requests"),
    upstream("balance: ^[hash]", "balance", "found a list"),
    upstream("^balance: ", "balance", "has nothing behind it"),
    upstream("balance: ^{}", "balance.hash", "is missing"),
    upstream("balance: { hash: ^cookie }", "balance.hash", "`cookie` is no key", "header:NAME"),
    upstream("balance: { hash: ^\"header:\" }", "balance.hash", "names no field"),
    upstream("balance: { hash: ^\"header:a b\" }", "balance.hash", "names no field", "header:x-device-id"),
    upstream("balance: { hash: path, ^by: x }", "balance.by", "unknown key"),
    upstream("resolve_every: ^10ms", "resolve_every", "from 1s to 1d"),
    upstream("max_age: ^0s", "max_age", "from 1ms to 7d, or unlimited"),
    upstream("ejection: ^on", "ejection", "or off"),
    upstream("ejection: ^[]", "ejection", "expected a mapping"),
    upstream("^ejection: ~", "ejection", "has nothing behind it"),
    upstream("ejection: { failures: ^0 }", "ejection.failures", "from 1 to 1000"),
    upstream("ejection: { time: ^1ms }", "ejection.time", "from 100ms to 1h"),
    upstream("ejection: { time: 10s, longest: ^9s }", "ejection.longest", "shorter than", "at least 10s"),
    upstream("ejection: { cap: ^0% }", "ejection.cap", "a share from 1% to 100%"),
    upstream("ejection: { cap: ^50 }", "ejection.cap", "`50` is not a share", "20%"),
    upstream("ejection: { cap: ^101% }", "ejection.cap", "`101%` is not a share"),
  ]

  private static let health = [
    upstream("health_check: ^{ interval: 5s }", "health_check.path", "is missing"),
    upstream("^health_check: ", "health_check", "has nothing behind it"),
    upstream("health_check: ^/health", "health_check", "expected a mapping", "or off"),
    upstream("health_check: { path: ^health }", "health_check.path", "`health` is no path", "a slash"),
    upstream("health_check: { path: ^\"/a b\" }", "health_check.path", "no path"),
    upstream("health_check: { path: ^\"/a#b\" }", "health_check.path", "no path"),
    upstream("health_check: { path: ^\"/a%2\" }", "health_check.path", "no path"),
    upstream("health_check: { path: ^\"/a\\r\\nb\" }", "health_check.path", "no path"),
    upstream("health_check: { path: /, interval: ^10ms }", "health_check.interval", "from 100ms to 1h"),
    upstream("health_check: { path: /, timeout: ^6s }", "health_check.timeout", "longer than", "at most 5s"),
    upstream("health_check: { path: /, healthy: ^0 }", "health_check.healthy", "from 1 to 100"),
    upstream("health_check: { path: /, unhealthy: ^101 }", "health_check.unhealthy", "from 1 to 100"),
    upstream("health_check: { path: /, statuses: ^[] }", "health_check.statuses", "names no status"),
    upstream("health_check: { path: /, statuses: [200, ^199] }", "health_check.statuses[1]", "from 200 to 599"),
    upstream("health_check: { path: /, statuses: [^299-200] }", "health_check.statuses[0]", "such as 200-299"),
    upstream("health_check: { path: /, statuses: [^200-600] }", "health_check.statuses[0]", "no status of an answer"),
    upstream("health_check: { path: /, statuses: [^200-300-400] }", "health_check.statuses[0]", "no status"),
    upstream("health_check: { path: /, statuses: ^2xx }", "health_check.statuses", "`2xx` is no status"),
    upstream("health_check: { path: /, host: ^\"a b\" }", "health_check.host", "is no host"),
    upstream("health_check: { path: /, host: ^\"a:0\" }", "health_check.host", "is no host"),
    upstream("health_check: { path: /, ^fall: 3 }", "health_check.fall", "unknown key", "unhealthy"),
  ]

  private static let retries = [
    upstream("retry: ^yes", "retry", "or off"),
    upstream("^retry: ", "retry", "has nothing behind it"),
    upstream("retry: { attempts: ^11 }", "retry.attempts", "from 1 to 10"),
    upstream("retry: { budget: ^20 }", "retry.budget", "`20` is not a share"),
    upstream("retry: { least: ^-1 }", "retry.least", "from 0 to 1000000"),
    upstream("retry: { statuses: [^200] }", "retry.statuses[0]", "from 400 to 599"),
    upstream("retry: { statuses: [502, ^502] }", "retry.statuses[1]", "twice"),
    upstream("retry: { attempts: 1, statuses: ^[503] }", "retry.statuses", "nothing is sent again", "attempts: 2"),
    upstream("retry: { body: ^32MB }", "retry.body", "from 0B to 16MB"),
    upstream("retry: { ^attempt: 1 }", "retry.attempt", "did you mean `attempts`?"),
  ]

  private static let originTLS = [
    upstream("tls: ^{ server_name: x }", "tls", "no endpoint here is spoken to over TLS", "https://"),
    upstream("^tls: ", "tls", "has nothing behind it"),
    upstream("tls: ^on", endpoints: "\"https://a\"", "tls", "expected a mapping"),
    upstream("tls: { server_name: ^\"a_b\" }", endpoints: "\"https://a\"", "tls.server_name", "is no host name"),
    upstream("tls: { server_name: ^10.0.0.1 }", endpoints: "\"https://a\"", "tls.server_name", "an address is none"),
    upstream(
      "tls: { authority: ^gone.pem }", endpoints: "\"https://a\"", "tls.authority", "/nowhere/gone.pem does not exist"),
    upstream("tls: { authority: ^}", endpoints: "\"https://a\"", "tls.authority", "names no file"),
    upstream("tls: { ^verify: false }", endpoints: "\"https://a\"", "tls.verify", "unknown key"),
  ]
}
