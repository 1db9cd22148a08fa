import AsyncHTTPClient
import Foundation
import Synchronization
import Testing
import UserApiTokens

/// Everything a server may do instead of answering well.
@Suite struct FailureTests {
  private func list(
    _ script: @escaping RawServer.Script, maximum: Int = 1 << 20, timeout: Duration = .seconds(20)
  ) async throws -> UserApiTokensError {
    try await RawServer.with(script) { server in
      try await failure {
        try await withClient(server.url, maximumAnswerSize: maximum) {
          try await $0.userApiTokens.get(options: .init(timeout: timeout))
        }
      }
    }
  }

  private func isUnexpected(_ error: UserApiTokensError, _ status: Int) -> Bool {
    guard case .unexpectedAnswer(status, _, _, _) = error else { return false }
    return true
  }

  @Test func errorKeepsEverything() async throws {
    let body = #"{"type":"Validation","message":"name is required","reason":"x","deep":{"a":[1,2.5,null,true]}}"#
    let error = try await list { _, _ in
      RawServer.answer(body, status: "429 Too Many Requests", headers: "Retry-After: 7\r\n")
    }
    guard case .api(let api) = error else { return #expect(Bool(false), "\(error)") }
    #expect(
      api
        == ApiError(
          status: 429, type: "Validation", message: "name is required",
          members: [
            "reason": .string("x"), "deep": .object(["a": .array([.integer(1), .number(2.5), .null, .bool(true)])]),
          ],
          retryAfter: .seconds(7)))
  }

  @Test func retryAfterAsDate() async throws {
    let error = try await list { _, _ in
      RawServer.answer("{}", status: "503 No", headers: "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
    }
    guard case .api(let api) = error else { return #expect(Bool(false), "\(error)") }
    #expect(api.retryAfter == .date(Date(timeIntervalSince1970: 784_111_777)))
    #expect(api.type == nil && api.message == nil && api.members.isEmpty)
  }

  @Test(arguments: ["-1", "soon", "Sun, 06 Nov 1994", "99999999999999999999"])
  func retryAfterThatIsNone(_ text: String) async throws {
    let error = try await list { _, _ in
      RawServer.answer("{}", status: "503 No", headers: "Retry-After: \(text)\r\n")
    }
    guard case .api(let api) = error else { return #expect(Bool(false), "\(error)") }
    #expect(api.retryAfter == nil)
  }

  @Test func membersOfOtherTypesAreKept() async throws {
    let error = try await list { _, _ in RawServer.answer(#"{"type":5,"message":["a"]}"#, status: "400 Bad") }
    guard case .api(let api) = error else { return #expect(Bool(false), "\(error)") }
    #expect(api.type == nil && api.members == ["type": .integer(5), "message": .array([.string("a")])])
  }

  @Test func errorThatIsNotJSON() async throws {
    let page = "<html>\u{1B}[2J" + String(repeating: "é", count: 1000)
    let error = try await list { _, _ in RawServer.answer(page, status: "502 Bad Gateway") }
    guard case .unexpectedAnswer(502, _, let excerpt, _) = error else { return #expect(Bool(false), "\(error)") }
    #expect(excerpt.hasPrefix("<html> [2Jé") && excerpt.count == 200)
  }

  @Test(arguments: ["", "[]", "nope", #"{"items":{}}"#, #"{"items":[{"name":"no id"}]}"#, "\u{1}"])
  func successThatIsNotThePage(_ body: String) async throws {
    #expect(isUnexpected(try await list { _, _ in RawServer.answer(body) }, 200))
  }

  @Test func deepNestingIsRefused() async throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(isUnexpected(try await list { _, _ in RawServer.answer(deep, status: "500 No") }, 500))
  }

  @Test func successDoesNotLeakIntoTheError() async throws {
    let body = #"{"id":5,"token":"SECRET"}"#
    let error = try await RawServer.with({ _, _ in RawServer.answer(body, status: "201 Created") }) { server in
      try await failure { try await withClient(server.url) { try await $0.userApiTokens.post(.init(name: "n")) } }
    }
    #expect(isUnexpected(error, 201))
    #expect(!"\(error)".contains("SECRET"))
  }

  @Test(arguments: ["301 Moved", "307 Temporary"])
  func redirectIsNotFollowed(_ status: String) async throws {
    try await RawServer.with({ _, _ in RawServer.answer(emptyPage) }) { other in
      let place = "\(other.url)/me/tokens"
      let error = try await list { _, _ in
        RawServer.answer("", status: status, headers: "Location: \(place)\r\n")
      }
      guard case .redirect(_, place) = error else { return #expect(Bool(false), "\(error)") }
      #expect(other.requests.isEmpty)
    }
  }

  @Test func redirectThatAnotherHTTPClientFollows() async throws {
    try await RawServer.with({ _, _ in RawServer.answer(emptyPage) }) { other in
      let place = "\(other.url)/x"
      try await RawServer.with({ _, _ in
        RawServer.answer("", status: "302 Found", headers: "Location: \(place)\r\n")
      }) { server in
        let client = UserApiTokensClient(
          configuration: try .init(baseURL: server.url), tokens: StaticToken(token), httpClient: .shared)
        let error = try await failure { try await client.userApiTokens.get() }
        guard case .redirect(302, place) = error else { return #expect(Bool(false), "\(error)") }
        #expect(other.requests.allSatisfy { !$0.lowercased().contains("authorization") })
      }
    }
  }

  @Test func declaredTooLarge() async throws {
    let error = try await list({ _, _ in "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{" }, maximum: 1024)
    guard case .answerTooLarge(1024) = error else { return #expect(Bool(false), "\(error)") }
  }

  @Test func tooLargeInChunks() async throws {
    let chunk = "400\r\n" + String(repeating: " ", count: 1024) + "\r\n"
    let error = try await list(
      { _, _ in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)\(chunk)" }, maximum: 2048)
    guard case .answerTooLarge(2048) = error else { return #expect(Bool(false), "\(error)") }
  }

  @Test(arguments: [nil, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
  func timeout(_ answer: String?) async throws {
    let error = try await list({ _, _ in answer }, timeout: .milliseconds(200))
    guard case .timeout(.milliseconds(200)) = error else { return #expect(Bool(false), "\(error)") }
  }

  @Test func notHTTP() async throws {
    let error = try await list { _, _ in "220 smtp ready\r\n\r\n" }
    guard case .connection = error else { return #expect(Bool(false), "\(error)") }
  }

  @Test func connectionRefused() async throws {
    let port = try await RawServer.with({ _, _ in nil }) { $0.port }
    let error = try await failure {
      try await withClient("http://127.0.0.1:\(port)") { try await $0.userApiTokens.get() }
    }
    guard case .connection = error else { return #expect(Bool(false), "\(error)") }
  }

  @Test func cancellation() async throws {
    try await RawServer.with({ _, _ in nil }) { server in
      let call = Task { try await failure { try await withClient(server.url) { try await $0.userApiTokens.get() } } }
      while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
      call.cancel()
      let error = try await call.value
      guard case .cancelled = error else { return #expect(Bool(false), "\(error)") }
    }
  }
}

/// What happens to a token that is refused.
@Suite struct RenewalTests {
  final class Renewing: TokenProvider {
    let asked = Mutex<[SecretToken?]>([])
    let answers: [String?]
    init(_ answers: [String?]) { self.answers = answers }

    func accessToken(rejected: SecretToken?) async throws -> SecretToken? {
      let number = asked.withLock { asked in
        asked.append(rejected)
        return asked.count - 1
      }
      return number < answers.count ? answers[number].map { SecretToken($0) } : nil
    }
  }

  private func tokensSent(_ provider: Renewing, accepted: String) async throws -> (sent: [String], status: Int?) {
    try await RawServer.with({ _, request in
      request.contains("Bearer \(accepted)\r\n")
        ? RawServer.answer(emptyPage) : RawServer.answer(#"{"type":"Unauthorized"}"#, status: "401 Unauthorized")
    }) { server in
      var status: Int?
      do {
        try await UserApiTokensClient.withClient(configuration: try .init(baseURL: server.url), tokens: provider) {
          _ = try await $0.userApiTokens.get()
        }
      } catch let error as UserApiTokensError {
        status = error.status
      }
      let sent = server.requests.map { request in
        Recorded(request).fields.first { $0.hasPrefix("Authorization") } ?? "none"
      }
      return (sent, status)
    }
  }

  @Test func aNewTokenIsTriedOnce() async throws {
    let provider = Renewing(["old", "new"])
    let (sent, status) = try await tokensSent(provider, accepted: "new")
    #expect(sent == ["Authorization: Bearer old", "Authorization: Bearer new"] && status == nil)
    #expect(provider.asked.withLock { $0 } == [nil, SecretToken("old")])
  }

  @Test func theSameTokenIsNot() async throws {
    let (sent, status) = try await tokensSent(Renewing(["old", "old"]), accepted: "other")
    #expect(sent == ["Authorization: Bearer old"] && status == 401)
  }

  @Test func aSecondRefusalIsTheAnswer() async throws {
    let (sent, status) = try await tokensSent(Renewing(["a", "b", "c"]), accepted: "c")
    #expect(sent == ["Authorization: Bearer a", "Authorization: Bearer b"] && status == 401)
  }

  @Test func noTokenIsNotRenewed() async throws {
    let (sent, status) = try await tokensSent(Renewing([nil, "b"]), accepted: "b")
    #expect(sent == ["none"] && status == 401)
  }
}
