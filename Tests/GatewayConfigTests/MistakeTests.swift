import GatewayKit
import Testing

/// A wrong configuration and the one issue it must give.
struct Mistake: Sendable, CustomTestStringConvertible {
  let text: String
  let line: Int
  let column: Int
  let path: String
  /// Parts of the message and hint.
  let parts: [String]

  init(
    _ replaced: [Int: String] = [:], more: String = "", at line: Int, _ column: Int, _ path: String, _ parts: String...
  ) {
    text = configuration(replaced, more: more)
    (self.line, self.column, self.path, self.parts) = (line, column, path, parts)
  }

  var testDescription: String { "\(line):\(column) \(path): \(parts.joined(separator: ", "))" }
}

@Suite struct MistakeTests {
  @Test func theSmallestConfigurationIsRight() {
    #expect(issues(configuration()) == [])
  }

  @Test(
    arguments: Mistake.sections + Mistake.domains + Mistake.lists + Mistake.yaml + Mistake.bounds + Mistake.upstreams)
  func isToldWithItsPlace(_ mistake: Mistake) throws {
    let found = issues(mistake.text)
    #expect(found.count == 1, "\(found)")
    let issue = try #require(found.first)
    #expect(issue.position == SourcePosition(file: "g.yaml", line: mistake.line, column: mistake.column), "\(issue)")
    #expect(issue.path == mistake.path)
    for part in mistake.parts { #expect(issue.description.contains(part), "\(issue)") }
    #expect(issue.hint?.isEmpty == false, "every issue says what would be right: \(issue)")
  }

  @Test func fiveMistakesAreToldAtOnce() {
    let text = configuration(
      [
        1: "version: 2",
        2: "listeners: [{ bind: \"127.0.0.1\" }]",
        4: "domains: [{ name: a.test, upstream: apy }]",
      ],
      more: """
        limits: { head: 32 }
        timeout: { linger: 1s }
        """)
    let found = issues(text)
    #expect(found.map(\.position?.line) == [1, 2, 4, 5, 6])
    #expect(found.map(\.path) == ["version", "listeners[0].bind", "domains[0].upstream", "limits.head", "timeout"])
  }

  @Test func anIssueReadsLikeACompilersError() throws {
    let issue = try #require(issues(configuration(more: "limits: { fields: many }")).first)
    #expect(
      issue.description
        == "g.yaml:5:19: error: limits.fields: `many` is no whole number; write a whole number from 1 to 10000")
  }

  @Test(arguments: [
    "limits: { fields: \"\\e[31m%\" }", "limits: { \"\\e[31m%\": 1 }", "\"\\u202e%\": { a: *b }",
    "log: { level: ${%} }",
    "catalogs: { c: \"\\e%\" }", "defaults: { use: [{ \"\\e%\": 1, b: 2 }] }", "log: *x%", "domain_from: \"\\n%\"",
  ])
  func aMessageShowsNoControlCharactersAndHasAnEnd(_ line: String) throws {
    let found = issues(configuration(more: line.replacing("%", with: String(repeating: "x", count: 900))))
    #expect(!found.isEmpty)
    for issue in found {
      #expect(!issue.description.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" }, "\(issue)")
      #expect(issue.description.utf8.count < 1500)
    }
  }
}

extension Mistake {
  static let sections = [
    Mistake([1: ""], at: 2, 1, "version", "is missing", "`version: 1`"),
    Mistake([1: "version: 2"], at: 1, 10, "version", "not a version"),
    Mistake([1: "version: [1]"], at: 1, 10, "version", "not a version"),
    Mistake(more: "listener: []", at: 5, 1, "listener", "unknown key `listener`", "did you mean `listeners`?"),
    Mistake(more: "zzz: 1", at: 5, 1, "zzz", "unknown key `zzz`", "known keys: version, listeners"),
    Mistake(more: "limits: { haed: 1KB }", at: 5, 11, "limits.haed", "did you mean `head`?"),
    Mistake(more: "limits: { fields: 10s }", at: 5, 19, "limits.fields", "`10s` is no whole number", "from 1 to 10000"),
    Mistake(more: "limits: { fields: 0 }", at: 5, 19, "limits.fields", "`0` is out of range", "from 1 to 10000"),
    Mistake(more: "limits: { body: 10 }", at: 5, 17, "limits.body", "`10` is not a size", "1MB"),
    Mistake(more: "limits: { head: 1GB }", at: 5, 17, "limits.head", "out of range", "a size from 1KB to 1MB"),
    Mistake(more: "limits: { head: 4KB, request_line: 5KB }", at: 5, 36, "limits.request_line", "larger than", "4KB"),
    Mistake(more: "limits: 3", at: 5, 9, "limits", "expected a mapping", "found a single value"),
    Mistake(more: "limits:\n  - head", at: 6, 3, "limits", "expected a mapping", "found a list"),
    Mistake(more: "timeouts: { linger: 10 }", at: 5, 21, "timeouts.linger", "`10` is not a duration", "10s"),
    Mistake(more: "timeouts: { linger: -1s }", at: 5, 21, "timeouts.linger", "`-1s` is not a duration"),
    Mistake(more: "timeouts: { linger: 2h }", at: 5, 21, "timeouts.linger", "from 0s to 1m"),
    Mistake(more: "timeouts: { linger: 999999999999999999999s }", at: 5, 21, "timeouts.linger", "not a duration"),
    Mistake(more: "timeouts: { linger: [1s] }", at: 5, 21, "timeouts.linger", "expected a duration, found a list"),
    Mistake(more: "timeouts: { plugin_wait: 0s }", at: 5, 26, "timeouts.plugin_wait", "from 1ms to 7d"),
    Mistake(more: "log: { level: warn }", at: 5, 15, "log.level", "`warn`", "choose one of trace", "warning"),
    Mistake(more: "log: { level: infos }", at: 5, 15, "log.level", "did you mean `info`?"),
    Mistake(more: "catalogs: { a: no.json }", at: 5, 16, "catalogs.a", "/nowhere/no.json does not exist"),
    Mistake(more: "catalogs: { a: / }", at: 5, 16, "catalogs.a", "is a folder"),
    Mistake(more: "catalogs: { a: }", at: 5, 16, "catalogs.a", "names no file"),
    Mistake(more: "stores: { redis: { url: \"http://x\" } }", at: 5, 25, "stores.redis.url", "redis://host:6379"),
    Mistake(more: "stores: { redis: {} }", at: 5, 18, "stores.redis.url", "is missing"),
    Mistake(
      more: "stores: { redis: { url: \"redis://h\", timeout: 11s } }", at: 5, 47, "stores.redis.timeout",
      "from 1ms to 10s"),
    Mistake(
      more: "stores: { redis: { url: \"redis://h\", user: u } }", at: 5, 44, "stores.redis.user", "has no password"),
    Mistake(
      more: "stores: { redis: { url: \"redis://h\", ca: a.pem } }", at: 5, 42, "stores.redis.ca", "without TLS"),
    Mistake(
      more: "stores: { redis: { url: \"redis://h\", max_in_flight: 0 } }", at: 5, 53, "stores.redis.max_in_flight",
      "from 1 to 100000"),
    Mistake(more: "admin: { bind: \"[::1]:http\" }", at: 5, 16, "admin.bind", "no address and port", "[::1]:8080"),
    Mistake(
      more: "domain_from: [host, sni]", at: 5, 21, "domain_from[1]", "the listener at g.yaml:2:21 has no TLS",
      "losantdomain, host"),
    Mistake(more: "domain_from: [host, sno]", at: 5, 21, "domain_from[1]", "did you mean `sni`?"),
    Mistake(
      [2: "listeners: [{ bind: \"h:1\", domain_from: [sni] }]"], at: 2, 42, "listeners[0].domain_from[0]",
      "this listener has no TLS"),
    Mistake(more: "domain_from: [host, host]", at: 5, 21, "domain_from[1]", "twice"),
    Mistake(more: "domain_from: []", at: 5, 14, "domain_from", "names no source"),
    Mistake([2: ""], at: 1, 1, "listeners", "no listener"),
    Mistake([2: "listeners: []"], at: 2, 12, "listeners", "no listener"),
    Mistake([2: "listeners: { bind: x }"], at: 2, 12, "listeners", "expected a list, found a mapping"),
    Mistake([2: "listeners: [{ port: 1, bind: \"h:1\" }]"], at: 2, 15, "listeners[0].port", "unknown key"),
    Mistake([2: "listeners: [{}]"], at: 2, 13, "listeners[0].bind", "is missing"),
    Mistake([2: "listeners: [{ bind: \"x:70000\" }]"], at: 2, 21, "listeners[0].bind", "no address and port"),
    Mistake([2: "listeners: [{ bind: \"256.0.0.1:80\" }]"], at: 2, 21, "listeners[0].bind", "no address and port"),
    Mistake(
      [2: "listeners: [{ bind: \"h:1\" }, { bind: \"H:1\" }]"], at: 2, 38, "listeners[1].bind",
      "two listeners at h:1", "g.yaml:2:21"),
    Mistake(
      [2: "listeners: [{ bind: \"h:1\" }]"], more: "admin: { bind: \"h:1\" }", at: 5, 16, "admin.bind", "g.yaml:2:21"),
  ]

  static let domains = [
    Mistake([4: ""], at: 1, 1, "", "no domain is configured", "domains_dir"),
    Mistake([4: "domains: []"], at: 4, 10, "domains", "no domain is configured"),
    Mistake([4: "domains_dir: gone"], at: 4, 14, "domains_dir", "/nowhere/gone cannot be read"),
    Mistake([4: "domains: [{ name: a.test, upstream: apo }]"], at: 4, 37, "domains[0].upstream", "did you mean `api`?"),
    Mistake(
      [4: "domains: [{ name: a.test, upstream: zzzz }]"], at: 4, 37, "domains[0].upstream", "known upstreams: api"),
    Mistake([4: "domains: [{ name: a.test }]"], at: 4, 11, "domains[0].upstream", "is missing", "api"),
    Mistake([4: "domains: [{ upstream: api }]"], at: 4, 11, "domains[0].name", "is missing"),
    Mistake([4: "domains: [{ name: \"a_b.test\", upstream: api }]"], at: 4, 19, "domains[0].name", "no host name"),
    Mistake([4: "domains: [{ name: \"a.test:80\", upstream: api }]"], at: 4, 19, "domains[0].name", "without port"),
    Mistake([4: "domains: [{ name: -a.test, upstream: api }]"], at: 4, 19, "domains[0].name", "no host name"),
    Mistake([4: "domains: [{ name: a..test, upstream: api }]"], at: 4, 19, "domains[0].name", "no host name"),
    Mistake([4: "domains: [{ name: a.test., upstream: api }]"], at: 4, 19, "domains[0].name", "closing dot"),
    Mistake(
      [4: "domains: [{ name: \(String(repeating: "a.", count: 126))aa, upstream: api }]"], at: 4, 19, "domains[0].name",
      "at most 253"),
    Mistake(
      [4: "domains: [{ name: \(String(repeating: "a", count: 64)), upstream: api }]"], at: 4, 19, "domains[0].name",
      "no host name"),
    Mistake(
      [4: "domains: [{ name: a.test, upstream: api }, { name: A.Test, upstream: api }]"], at: 4, 52, "domains[1].name",
      "`a.test` is taken, at g.yaml:4:19"),
    Mistake(
      [4: "domains: [{ name: a.test, hosts: [b.test, a.test], upstream: api }]"], at: 4, 43, "domains[0].hosts[1]",
      "`a.test` is taken, at g.yaml:4:19"),
    Mistake([4: "domains: [a.test]"], at: 4, 11, "domains[0]", "expected a mapping"),
    Mistake([3: "upstreams: { api: {} }"], at: 3, 19, "upstreams.api.endpoints", "no endpoint"),
    Mistake([3: "upstreams: { api: { endpoints: [] } }"], at: 3, 32, "upstreams.api.endpoints", "no endpoint"),
    Mistake(
      [3: "upstreams: { api: { endpoints: [\"ftp://x\"] } }"], at: 3, 33, "upstreams.api.endpoints[0]", "is no endpoint"
    ),
    Mistake(
      [3: "upstreams: { api: { endpoints: [\"http://u:p@x\"] } }"], at: 3, 33, "upstreams.api.endpoints[0]",
      "without user"),
    Mistake(
      [3: "upstreams: { api: { endpoints: [\"http://x\", \"x:80\"] } }"], at: 3, 45, "upstreams.api.endpoints[1]",
      "twice"),
    Mistake(
      [3: "upstreams: { api: { endpoints: \"x:1\", max_connections: 0 } }"], at: 3, 56, "upstreams.api.max_connections",
      "out of range"),
    Mistake(
      [3: "upstreams: { api: { endpoints: \"x:1\", max_connections: 5, max_idle: 6 } }"], at: 3, 69,
      "upstreams.api.max_idle", "write at most 5"),
    Mistake(
      [3: "upstreams: { api: { endpoints: \"x:1\", timeout: 5s } }"], at: 3, 39, "upstreams.api.timeout", "unknown key"),
    Mistake(
      [3: "upstreams: { api: { endpoints: \"x:1\" }, \"b c\": { endpoints: \"x:1\" } }"], at: 3, 41, "upstreams.b c",
      "no name"),
  ]

  /// A domain with one more line below, indented by four.
  private static func domain(_ line: String, at column: Int, _ path: String, _ parts: String...) -> Mistake {
    Mistake(
      [4: "domains:"], more: "  - name: a.test\n    upstream: api\n    \(line)", line: 7, column: column,
      path: "domains[0].\(path)", parts: parts)
  }

  init(
    _ replaced: [Int: String], more: String, line: Int, column: Int, path: String, parts: [String]
  ) {
    text = configuration(replaced, more: more)
    (self.line, self.column, self.path, self.parts) = (line, column, path, parts)
  }

  static let lists = [
    domain("routes: [{ match: { path: me } }]", at: 31, "routes[0].match.path", "begins with a slash"),
    domain("routes: [{ match: { path: /a//b } }]", at: 31, "routes[0].match.path", "empty segment"),
    domain("routes: [{ match: { path: /a/ } }]", at: 31, "routes[0].match.path", "empty segment"),
    domain("routes: [{ match: { path: /a/../b } }]", at: 31, "routes[0].match.path", "dot segment"),
    domain("routes: [{ match: { path: /*/b } }]", at: 31, "routes[0].match.path", "not the last segment"),
    domain("routes: [{ match: { path: /a*b } }]", at: 31, "routes[0].match.path", "no path has"),
    domain("routes: [{ match: { path: \"/{a}/{a}\" } }]", at: 31, "routes[0].match.path", "{a} stands here twice"),
    domain("routes: [{ match: { path: \"/{}\" } }]", at: 31, "routes[0].match.path", "without a proper name"),
    domain(
      "routes: [{ match: { path: \"/a{b}\" } }]", at: 31, "routes[0].match.path", "a parameter is a whole segment"),
    domain("routes: [{ match: { path: \"/a?b\" } }]", at: 31, "routes[0].match.path", "no path has"),
    domain("routes: [{ match: { method: GET } }]", at: 23, "routes[0].match.path", "is missing"),
    domain("routes: [{ match: { method: get, path: / } }]", at: 33, "routes[0].match.method", "upper-case"),
    domain("routes: [{ match: { method: [A, A], path: / } }]", at: 37, "routes[0].match.method[1]", "twice"),
    domain("routes: [{ match: { method: [], path: / } }]", at: 33, "routes[0].match.method", "names no method"),
    domain(
      "routes: [{ match: { methods: GET, path: / } }]", at: 25, "routes[0].match.methods", "did you mean `method`?"),
    domain("routes: [{ upstream: api }]", at: 14, "routes[0].match", "is missing"),
    domain("routes: [{ match: { path: / }, upstream: no }]", at: 46, "routes[0].upstream", "there is no upstream `no`"),
    domain(
      "routes: [{ match: { path: \"/{a}\" } }, { match: { path: \"/{b}\" } }]", at: 60, "routes[1].match.path",
      "two routes for all methods /{}", "g.yaml:7:31"),
    domain(
      "routes: [{ match: { method: [A, B], path: / } }, { match: { method: [B, C], path: / } }]", at: 87,
      "routes[1].match.path", "two routes for B /", "g.yaml:7:47"),
    domain("use: cache", at: 10, "use", "expected a list of plugins, found a single value"),
    domain("use: { cache: {} }", at: 10, "use", "expected a list of plugins, found a mapping"),
    domain("use: [{ cache: , ttl: 1s }]", at: 11, "use[0]", "found 2 keys", "indent the settings of `cache`"),
    domain("use: [Cache]", at: 11, "use[0]", "`Cache` is no name of a plugin"),
    domain("use: [[cache]]", at: 11, "use[0]", "expected a plugin, found a list"),
    domain("use: [cache: 10s]", at: 18, "use[0].cache", "expected the settings of the plugin"),
    domain("use: [cache, cache: {}]", at: 18, "use[1]", "`cache` is used twice, first at line 7"),
    domain("use: [cache: off]", at: 11, "use", "nothing to switch off"),
    Mistake(more: "defaults: { use: [cache: off] }", at: 5, 19, "defaults.use", "nothing to switch off here"),
    Mistake(
      more: "defaults: { use: [], uses: [cache] }", at: 5, 22, "defaults.uses", "did you mean `use`?"),
    Mistake(more: "floor: { use: }", at: 5, 10, "floor.use", "has nothing behind it", "leave `use` out"),
    Mistake(more: "floor:\n  use:\nlog: {}", at: 6, 3, "floor.use", "has nothing behind it"),
    Mistake(more: "floor:", at: 5, 1, "floor", "has nothing behind it", "leave `floor` out"),
    Mistake(more: "floor: {}", at: 5, 8, "floor.use", "is missing", "list the plugins"),
    Mistake(more: "defaults: { use: ~ }", at: 5, 13, "defaults.use", "has nothing behind it"),
    Mistake([4: "domains: [{ name: a, upstream: api, use: }]"], at: 4, 37, "domains[0].use", "has nothing behind it"),
    Mistake(
      [4: "domains: [{ name: a.test, upstream: api, use: [limit: off] }]"], more: "floor: { use: [limit] }", at: 4, 48,
      "domains[0].use", "`limit` stays: the floor uses it"),
    Mistake(
      [4: "domains: [{ name: a, upstream: api, routes: [{ match: { path: / }, use: [x: off] }] }]"], at: 4, 74,
      "domains[0].routes[0].use", "nothing to switch off"),
  ]

  static let yaml = [
    Mistake(more: "log: { level: info", at: 6, 1, "", "no valid YAML", "brackets"),
    Mistake(more: "log:\n\tlevel: info", at: 6, 1, "", "no valid YAML", "tab"),
    Mistake(more: "log: {}\nlog: {}", at: 6, 1, "", "the key `log` stands twice", "first at line 5"),
    Mistake(more: "log: { level: info, level: info }", at: 5, 8, "", "the key `level` stands twice", "first here"),
    Mistake(more: "log: *a", at: 5, 6, "log", "`*a` stands for nothing", "needs `&name` above it"),
    Mistake(more: "*a : b", at: 5, 1, "", "a key that is no text"),
    Mistake(more: "? [a]\n: b", at: 5, 3, "", "a key that is no text"),
    Mistake(more: "log: { <<: { level: info } }", at: 5, 8, "log", "merge keys"),
    Mistake(more: "log: { level: !x info }", at: 5, 15, "log.level", "tags such as"),
    Mistake(more: "---\nversion: 1", at: 5, 1, "", "document"),
    Mistake(more: "log: \u{E000}", at: 5, 6, "", "U+E000"),
    Mistake(more: "log: \"\u{1}\"", at: 5, 7, "", "no valid YAML", "control characters"),
    Mistake(
      more: "log: { level: \"${NO_SUCH}\" }", at: 5, 15, "log.level", "NO_SUCH is not set", "${NO_SUCH:-default}"),
    Mistake(more: "log: { level: \"${NO\" }", at: 5, 15, "log.level", "without its `}`"),
    Mistake(more: "log: { level: \"${}\" }", at: 5, 15, "log.level", "names no variable"),
    Mistake(more: "log: { level: \"${A:+b}\" }", at: 5, 15, "log.level", "names no variable"),
  ]
}
