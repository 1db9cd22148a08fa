import Foundation
import Testing
import UserApiTokens

/// What is on the wire, byte for byte.
@Suite struct WireTests {
  static let fixed = "_actions=false&_links=true&_embedded=true"

  private func record(
    answer: String = emptyPage, path: String = "", token: SecretToken? = token,
    _ call: (UserApiTokensClient) async throws -> Void
  ) async throws -> (Recorded, port: Int) {
    try await RawServer.with({ _, _ in RawServer.answer(answer) }) { server in
      try await withClient(server.url + path, token: token, call)
      let request = try #require(server.requests.first)
      #expect(server.requests.count == 1)
      return (Recorded(request), server.port)
    }
  }

  @Test func listWithoutArguments() async throws {
    let (request, port) = try await record { _ = try await $0.userApiTokens.get() }
    #expect(request.line == "GET /me/tokens?\(Self.fixed) HTTP/1.1")
    #expect(
      request.fields == [
        "Accept: application/json", "Accept-Version: ^1.31.0", "Authorization: Bearer eyJ.TEST.sig",
        "host: 127.0.0.1:\(port)",
      ])
    #expect(request.body.isEmpty)
  }

  @Test func listWithEveryArgument() async throws {
    let (request, port) = try await record { client in
      _ = try await client.userApiTokens.get(
        sortField: .name, sortDirection: .descending, page: 1, perPage: 10, filterField: .name, filter: "my*to ken&=é~",
        options: .init(losantdomain: "example.com", actions: true, links: false, embedded: false))
    }
    let query =
      "_actions=true&_links=false&_embedded=false&sortField=name&sortDirection=desc&page=1&perPage=10"
      + "&filterField=name&filter=my%2Ato%20ken%26%3D%C3%A9~"
    #expect(request.line == "GET /me/tokens?\(query) HTTP/1.1")
    #expect(
      request.fields == [
        "Accept: application/json", "Accept-Version: ^1.31.0", "Authorization: Bearer eyJ.TEST.sig",
        "host: 127.0.0.1:\(port)", "losantdomain: example.com",
      ])
  }

  @Test func create() async throws {
    let (request, port) = try await record(answer: oneToken) { client in
      _ = try await client.userApiTokens.post(
        .init(
          name: "Tok é", expirationDate: Date(timeIntervalSince1970: 1_893_456_000), scope: ["all.User.read"],
          orgRoles: [.init(orgId: "sandbox", role: .view)]))
    }
    #expect(request.line == "POST /me/tokens?\(Self.fixed) HTTP/1.1")
    let expected = #"""
      {"name":"Tok é","scope":["all.User.read"],"expirationDate":"2030-01-01T00:00:00.000Z",
      "orgRoles":[{"orgId":"sandbox","role":"view"}]}
      """#
    let read = { (text: String) in try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }
    let meant = try read(expected)
    #expect(try read(request.body) == meant)
    #expect(
      request.fields == [
        "Accept: application/json", "Accept-Version: ^1.31.0", "Authorization: Bearer eyJ.TEST.sig",
        "Content-Type: application/json", "host: 127.0.0.1:\(port)",
        "Content-Length: \(request.body.utf8.count)",
      ])
  }

  @Test func oneTokenActions() async throws {
    let id = "575ec7417ae143cd83dc4a95"
    let (get, _) = try await record(answer: oneToken) { _ = try await $0.userApiToken.get(apiTokenId: id) }
    #expect(get.line == "GET /me/tokens/\(id)?\(Self.fixed) HTTP/1.1")
    let (patch, _) = try await record(answer: oneToken) {
      _ = try await $0.userApiToken.patch(apiTokenId: id, .init(status: .inactive))
    }
    #expect(patch.line == "PATCH /me/tokens/\(id)?\(Self.fixed) HTTP/1.1")
    #expect(patch.body == #"{"status":"inactive"}"#)
    let (delete, _) = try await record(answer: #"{"success":true}"#) {
      let success = try await $0.userApiToken.delete(apiTokenId: id)
      #expect(success)
    }
    #expect(delete.line == "DELETE /me/tokens/\(id)?\(Self.fixed) HTTP/1.1")
    #expect(!delete.fields.contains { $0.lowercased().hasPrefix("content-type") })
  }

  @Test(arguments: ["/base", "/base/", "/base//"])
  func pathPrefix(_ path: String) async throws {
    let (request, _) = try await record(path: path) { _ = try await $0.userApiTokens.get() }
    #expect(request.line.hasPrefix("GET /base/me/tokens?"))
  }

  @Test func closingSlashOfTheBase() async throws {
    let (request, _) = try await record(path: "/") { _ = try await $0.userApiTokens.get() }
    #expect(request.line.hasPrefix("GET /me/tokens?"))
  }

  @Test func pathArgumentIsEscaped() async throws {
    let (request, _) = try await record(answer: oneToken) {
      _ = try await $0.userApiToken.get(apiTokenId: "a/b?c=d#e f")
    }
    #expect(request.line == "GET /me/tokens/a%2Fb%3Fc%3Dd%23e%20f?\(Self.fixed) HTTP/1.1")
  }

  @Test(arguments: [nil, SecretToken("")])
  func withoutTokenThereIsNoAuthorization(_ token: SecretToken?) async throws {
    let (request, _) = try await record(token: token) { _ = try await $0.userApiTokens.get() }
    #expect(!request.fields.contains { $0.lowercased().hasPrefix("authorization") })
  }

  @Test(arguments: ["", ".", ".."])
  func pathArgumentThatIsNoSegment(_ id: String) async throws {
    try await RawServer.with({ _, _ in RawServer.answer(oneToken) }) { server in
      let error = try await failure {
        try await withClient(server.url) { try await $0.userApiToken.get(apiTokenId: id) }
      }
      guard case .invalidArgument("apiTokenId", _) = error else { return #expect(Bool(false), "\(error)") }
      #expect(server.requests.isEmpty)
    }
  }

  @Test(arguments: ["a\r\nX: y", "a b", "exämple.com"])
  func domainThatIsNoFieldValue(_ domain: String) async throws {
    try await RawServer.with({ _, _ in RawServer.answer(emptyPage) }) { server in
      let error = try await failure {
        try await withClient(server.url) { try await $0.userApiTokens.get(options: .init(losantdomain: domain)) }
      }
      guard case .invalidArgument("losantdomain", _) = error else { return #expect(Bool(false), "\(error)") }
      #expect(server.requests.isEmpty)
    }
  }

  @Test func tokenThatIsNoFieldValue() async throws {
    let error = try await failure {
      try await withClient("http://127.0.0.1:9", token: SecretToken("sec\r\nret")) { try await $0.userApiTokens.get() }
    }
    guard case .tokenUnavailable = error else { return #expect(Bool(false), "\(error)") }
    #expect(!"\(error)".contains("sec\r\nret"))
  }

  @Test(arguments: ["ftp://a", "api.losant.com", "http://u:p@a", "http://a?x", "http://a#x", "", "http://"])
  func baseThatIsNone(_ url: String) {
    #expect(throws: UserApiTokensError.self) { try UserApiTokensClient.Configuration(baseURL: url) }
  }
}
