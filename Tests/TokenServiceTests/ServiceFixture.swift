import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TokenService
import UserApiTokens

/// A running service with a user who may do everything, and a way to send it anything.
struct ServiceFixture: Sendable {
  let service: TokenService
  let base: String
  let user: TokenServiceUser
  let admin: IssuedToken
  let clock: TestClock

  static func with(
    _ change: (inout TokenService.Configuration) -> Void = { _ in }, _ body: (ServiceFixture) async throws -> Void
  ) async throws {
    let clock = TestClock()
    var configuration = TokenService.Configuration(issuer: "id.example")
    configuration.now = { clock.now }
    change(&configuration)
    let service = try await TokenService(
      configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let user = try service.seedUser(name: "ann")
    let admin = try await service.issueToken(for: user, name: "admin", scopes: ["all.User"])
    try await service.withRunning { address in
      let port = try #require(address.port)
      #expect(service.boundAddress == address)
      try await body(
        .init(service: service, base: "http://127.0.0.1:\(port)", user: user, admin: admin, clock: clock))
    }
  }

  struct Answer {
    let status: Int
    let headers: [String: String]
    let body: JSONValue?

    var type: String? { body?["type"]?.stringValue }
    var message: String? { body?["message"]?.stringValue }
    var names: [String] { items.compactMap { $0["name"]?.stringValue } }
    var items: [JSONValue] { if case .array(let items)? = body?["items"] { items } else { [] } }
    var id: String { body?["id"]?.stringValue ?? "" }
  }

  /// Sends a request. `as` is the token's text; `nil` sends none, and the default is the admin's.
  func send(
    _ method: String, _ path: String, as secret: String? = "admin", headers: [(String, String)] = [],
    body: String? = nil
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: base + path)
    request.method = .init(rawValue: method)
    let token = secret == "admin" ? admin.secret.reveal() : secret
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let bytes = try await response.body.collect(upTo: 8 << 20)
    var fields: [String: String] = [:]
    for (name, value) in response.headers { fields[name.lowercased()] = value }
    return Answer(
      status: Int(response.status.code), headers: fields,
      body: try? JSONDecoder().decode(JSONValue.self, from: Data(bytes.readableBytesView)))
  }

  func token(_ scopes: [String], name: String = "t", expires: Date? = nil) async throws -> IssuedToken {
    try await service.issueToken(for: user, name: name, scopes: scopes, expirationDate: expires)
  }
}

final class TestClock: Sendable {
  private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
  var now: Date { time.withLock { $0 } }
  func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}

/// The claims of a token, read without checking anything.
func claims(_ token: String) throws -> JSONValue {
  let part = try #require(token.split(separator: ".").dropFirst().first)
  let text = part.replacing("-", with: "+").replacing("_", with: "/")
  let data = try #require(Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)))
  return try JSONDecoder().decode(JSONValue.self, from: data)
}
