import Admin
import Foundation
import GatewayEngine
import GatewayKit
import GatewayTesting
import Logging
import Testing

/// Calls of the operators' interface that revoke tokens, over real connections.
@Suite struct RevocationTests {
  /// What an interface is made with.
  struct Setting: Sendable {
    var token: String?
    /// Where the configuration says that it listens; the test calls 127.0.0.1 in any case.
    var host = "127.0.0.1"
    var file: String?
    var most = 100_000
  }

  struct Interface: Sendable {
    let port: Int
    let list: TokenRevocations

    /// - Parameter fields: in place of the type; each with its CRLF.
    func call(
      _ method: String, _ body: String = "", host: String = "localhost:9080",
      fields: String = "Content-Type: application/json\r\n"
    ) async throws -> (status: Int, answer: String) {
      let text = try await RawConnection.with(port: port) { exchange in
        try await exchange.send(
          "\(method) /tokens/revocations HTTP/1.1\r\nHost: \(host)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)")
        return await exchange.receiveAll()
      }
      return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, text)
    }
  }

  private static func with(_ setting: Setting = Setting(), _ body: (Interface) async throws -> Void) async throws {
    let closed = try ClosedPort()
    let yaml = """
      version: 1
      listeners: [{ bind: "127.0.0.1:0" }]
      upstreams: { origin: { endpoints: ["http://127.0.0.1:\(closed.port)"] } }
      domains: [{ name: example.com, upstream: origin }]
      """
    let position = SourcePosition(file: "test.yaml", line: 1, column: 1)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var kept = RevocationsConfiguration()
    kept.file = setting.file
    kept.most = setting.most
    let list = try TokenRevocations.open(kept, clock: TestClock(), logger: logger)
    try await TestGateway.with(yaml) { gateway in
      let (ports, bound) = AsyncStream<Int>.makeStream()
      var configuration = AdminConfiguration(bind: BindAddress(host: setting.host, port: 0), position: position)
      configuration.token = setting.token.map { Secret(Array($0.utf8)) }
      let server = AdminServer(
        configuration, gateway: gateway.gateway, revocations: list, readiness: Readiness(), logger: logger
      ) { bound.yield($0) }
      async let running: Void = server.run()
      let port = try #require(await ports.first { _ in true })
      try await body(Interface(port: port, list: list))
      await server.stop()
      try await running
    }
  }

  @Test func revokesListsAndRestores() async throws {
    try await Self.with { interface in
      let made = try await interface.call("POST", #"{"id":"a","issuer":"i","note":"say \"why\""}"#)
      #expect(made.status == 201)
      #expect(
        made.answer.hasSuffix(
          "\r\n\r\n{\"id\":\"a\",\"issuer\":\"i\",\"note\":\"say \\\"why\\\"\",\"since\":\"2026-11-23T16:00:00Z\","
            + "\"kept\":false,\"warning\":\"this holds until the gateway ends; name a file under revocations.file to "
            + "keep it\"}\n"), "\(made.answer)")
      #expect(made.answer.contains("Content-Type: application/json\r\n"))
      let other = try await interface.call("POST", #"{"hash":"0123456789ABCDEF","until":"2030-01-01T00:00:00Z"}"#)
      #expect(other.status == 201 && other.answer.contains("\"hash\":\"0123456789abcdef\""))
      #expect(interface.list.list.map(\.target) == [.hash(0x0123_4567_89AB_CDEF), .id("a", issuer: "i")])
      let list = try await interface.call("GET", fields: "")
      #expect(list.status == 200 && list.answer.contains("{\"kept\":false,\"most\":100000,\"count\":2,"))
      #expect(list.answer.contains("\"until\":\"2030-01-01T00:00:00Z\"}"))
      #expect(try await interface.call("DELETE", #"{"id":"a"}"#).status == 404)
      #expect(try await interface.call("DELETE", #"{"id":"a","issuer":"i"}"#).status == 200)
      let again = try await interface.call("DELETE", #"{"id":"a","issuer":"i"}"#)
      #expect(again.status == 404 && again.answer.contains("\"reason\":\"revocation_unknown\""))
      #expect(interface.list.list.count == 1)
    }
  }

  @Test func saysWhatIsWrong() async throws {
    try await Self.with { interface in
      for (body, reason) in [
        ("", "object"), ("{}", "give `id` or `hash`"), (#"{"id":"a","hash":"b"}"#, "give one of them"),
        (#"{"id":""}"#, "`id` is empty"), (#"{"tokenId":"a"}"#, "unknown member tokenId; known are id"),
        (#"{"id":["a"]}"#, "double quotes"), (#"{"hash":"xyz"}"#, "16 hexadecimal digits"),
        ("{\"id\":\"a\",\"note\":\"\(String(repeating: "n", count: 257))\"}", "longer than 256 bytes"),
      ] {
        let refused = try await interface.call("POST", body)
        #expect(refused.status == 400 && refused.answer.contains("\"reason\":\"revocation_invalid\""))
        #expect(refused.answer.contains(reason), "\(refused.answer)")
      }
      #expect(try await interface.call("DELETE", #"{"id":"a","note":"b"}"#).status == 400)
      let large = try await interface.call("POST", "{\"id\":\"\(String(repeating: "a", count: 40_000))\"}")
      #expect(large.status == 413)
      #expect(interface.list.list == [])
    }
  }

  @Test func isNeverFullerThanItMayBe() async throws {
    try await Self.with(Setting(most: 1)) { interface in
      #expect(try await interface.call("POST", #"{"id":"a"}"#).status == 201)
      let refused = try await interface.call("POST", #"{"id":"b"}"#)
      #expect(refused.status == 507 && refused.answer.contains("\"reason\":\"revocations_full\""))
      #expect(refused.answer.contains("nothing was revoked: 1 tokens are"))
    }
  }

  @Test(arguments: [
    "", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Type: text/plain;application/json\r\n", "Content-Type: application/json5\r\n", "Content-Type: \r\n",
  ])
  func takesNoForm(_ fields: String) async throws {
    try await Self.with { interface in
      for method in ["POST", "DELETE"] {
        #expect(try await interface.call(method, #"{"id":"a"}"#, fields: fields).status == 415)
      }
      let good = try await interface.call(
        "POST", #"{"id":"a"}"#, fields: "Content-Type: Application/JSON ; charset=utf-8\r\n")
      #expect(good.status == 201)
    }
  }

  @Test(arguments: [
    ("localhost", true), ("LOCALHOST:1", true), ("127.0.0.1:9080", true), ("127.9.9.9", true), ("[::1]:9080", true),
    ("[::1]", true), ("[::ffff:127.0.0.1]:1", true), ("evil.example", false), ("evil.example:9080", false),
    ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("192.0.2.1", false), ("0.0.0.0", false),
    ("[::]:9080", false), ("[2001:db8::1]", false), ("127.1", false),
  ])
  func doesWithoutATokenOnlyWhatComesFromHere(_ host: String, _ isTaken: Bool) async throws {
    try await Self.with { interface in
      for (method, status) in [("POST", 201), ("GET", 200), ("DELETE", 200)] {
        let answer = try await interface.call(method, #"{"id":"a"}"#, host: host)
        #expect(answer.status == (isTaken ? status : 403), "\(answer.answer)")
        if !isTaken { #expect(answer.answer.contains("\"reason\":\"host_refused\"")) }
      }
    }
  }

  @Test func isReadOnlyForOthersWithoutAToken() async throws {
    try await Self.with(Setting(host: "0.0.0.0")) { interface in
      for method in ["POST", "DELETE"] {
        let refused = try await interface.call(method, #"{"id":"a"}"#)
        #expect(refused.status == 403 && refused.answer.contains("configure admin.token"))
      }
      #expect(try await interface.call("GET", fields: "").status == 200)
    }
  }

  @Test(arguments: ["127.0.0.1", "0.0.0.0"])
  func wantsTheTokenWhereThereIsOne(_ host: String) async throws {
    let token = "0123456789abcdef"
    let json = "Content-Type: application/json\r\n"
    try await Self.with(Setting(token: token, host: host)) { interface in
      for field in [
        "", "Authorization: \(token)\r\n", "Authorization: Basic \(token)\r\n", "Authorization: Bearer \r\n",
        "Authorization: Bearer \(token)0\r\n", "Authorization: Bearer \(token.dropLast())\r\n",
        "Authorization: Bearer 0123456789abcdeF\r\n",
        "Authorization: Bearer \(token)\r\nAuthorization: Bearer \(token)\r\n",
      ] {
        for method in ["POST", "DELETE", "GET"] {
          let refused = try await interface.call(method, #"{"id":"a"}"#, fields: json + field)
          #expect(refused.status == 401 && refused.answer.contains("WWW-Authenticate: Bearer\r\n"), "\(field)")
          #expect(!refused.answer.contains(token))
        }
      }
      let shown = "Authorization: bearer \(token)\r\n"
      let made = try await interface.call("POST", #"{"id":"a"}"#, host: "gateway.example", fields: json + shown)
      #expect(made.status == 201, "a token is no secret of this machine, so any name will do")
      #expect(try await interface.call("GET", fields: shown).status == 200)
    }
  }

  /// The file cannot be written: what holds and what does not is told.
  @Test func tellsWhatIsNotKept() async throws {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appending(path: "admin-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = "\(folder)/revoked"
    try await Self.with(Setting(file: file)) { interface in
      let kept = try await interface.call("POST", #"{"id":"a"}"#)
      #expect(kept.status == 201 && kept.answer.hasSuffix("\"kept\":true}\n"))
      try Self.fill(file)
      let unkept = try await interface.call("POST", #"{"id":"b"}"#)
      #expect(unkept.status == 500 && unkept.answer.contains("\"reason\":\"revocation_not_kept\""))
      #expect(unkept.answer.contains("the token IS revoked in this process") && unkept.answer.contains("No space left"))
      #expect(interface.list.list.count == 2)
      let again = try await interface.call("POST", #"{"id":"b"}"#)
      #expect(again.status == 201 && again.answer.contains("\"kept\":true"))
      #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 2)
      try Self.fill(file)
      let stays = try await interface.call("DELETE", #"{"id":"b"}"#)
      #expect(stays.status == 500 && stays.answer.contains("STILL revoked"))
      #expect(interface.list.list.count == 2)
    }
  }

  /// In place of the file stands a device that is full.
  private static func fill(_ file: String) throws {
    let device = open("/dev/full", O_WRONLY)
    defer { close(device) }
    for descriptor in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap({ Int32($0) }) {
      let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
      if link == file { #expect(dup2(device, descriptor) == descriptor) }
    }
  }
}
