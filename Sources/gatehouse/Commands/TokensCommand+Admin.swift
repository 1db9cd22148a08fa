import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What the commands need that talk to gateways themselves, at their admin side, and not to the API.
struct AdminConnection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Address of a gateway's admin side (`admin.bind`). May be given many times: all are told.", valueName: "url"))
  var admin: [String] = []

  @Option(help: "A file with the token of `admin.token`. Default: the environment variable GATEHOUSE_ADMIN_TOKEN.")
  var adminTokenFile: String?

  @Option(help: "Seconds that a call may take.")
  var timeout: Int = 10

  @Flag(help: "Print the JSON of the answers.")
  var json = false

  static let usualAddress = "http://127.0.0.1:9080"

  func validate() throws {
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is a number of seconds from 1 to 3600") }
    for address in addresses where URL(string: address).map({ !["http", "https"].contains($0.scheme) }) ?? true {
      throw ValidationError("--admin \(address) is no address; write it as \(Self.usualAddress)")
    }
  }

  var addresses: [String] {
    admin.isEmpty ? [Self.usualAddress] : admin.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
  }

  /// Makes one call to every address. What fails is told on standard error and ends the command with status 1, once all
  /// were called.
  func run(
    _ method: HTTPMethod, _ body: String? = nil, tell: (_ address: String, _ answer: AdminReply) throws -> Void
  ) async throws {
    let token = try accessToken()
    var failed = false
    for address in addresses {
      do {
        try tell(address, try await call(address, method, body, token))
      } catch let failure as AdminFailure {
        Terminal.fail("\(address): \(failure.message)", hint: failure.hint)
        failed = true
      }
    }
    if failed { throw ExitCode.failure }
  }

  private func call(
    _ address: String, _ method: HTTPMethod, _ body: String?, _ token: String?
  ) async throws -> AdminReply {
    var request = HTTPClientRequest(url: "\(address)/tokens/revocations")
    request.method = method
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: body))
    }
    let status: Int
    let content: ByteBuffer
    do {
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(Int64(timeout)))
      status = Int(answer.status.code)
      content = try await answer.body.collect(upTo: Self.longestAnswer)
    } catch {
      throw AdminFailure(unreachable: error, address)
    }
    let reply = try? JSONDecoder().decode(AdminReply.self, from: Data(content.readableBytesView))
    guard (200..<300).contains(status), let reply else {
      throw AdminFailure(status: status, reply, address, hasToken: token != nil)
    }
    return reply
  }

  /// A million revocations with their notes.
  private static let longestAnswer = 1 << 30

  private func accessToken() throws -> String? {
    let text: String?
    if let adminTokenFile {
      guard let file = FileHandle(forReadingAtPath: adminTokenFile), let data = try? file.read(upToCount: 65_536) else {
        throw ValidationError("cannot read --admin-token-file \(adminTokenFile)")
      }
      text = String(decoding: data, as: UTF8.self)
    } else {
      text = ProcessInfo.processInfo.environment["GATEHOUSE_ADMIN_TOKEN"]
    }
    guard let token = text?.trimmingCharacters(in: .whitespacesAndNewlines), !token.isEmpty else {
      if let adminTokenFile { throw ValidationError("--admin-token-file \(adminTokenFile) is empty") }
      return nil
    }
    guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw ValidationError("the admin token has characters that no such token has")
    }
    return token
  }
}

/// What the admin side answers, refusals among it.
struct AdminReply: Codable {
  struct Entry: Codable {
    var id: String?
    var issuer: String?
    var hash: String?
    var note: String?
    var since: String?
    var until: String?

    /// The token in words.
    var name: String {
      if let hash { return "hash \(hash)" }
      return "id \(id ?? "?")" + (issuer.map { " of \($0)" } ?? "")
    }
  }

  var kept: Bool?
  var warning: String?
  var most: Int?
  var count: Int?
  var revocations: [Entry]?
  var message: String?
  var reason: String?
  var id: String?
  var issuer: String?
  var hash: String?
  var note: String?
  var since: String?
  var until: String?

  var entry: Entry { Entry(id: id, issuer: issuer, hash: hash, note: note, since: since, until: until) }
}

/// Why a gateway was not told, and what may help.
struct AdminFailure: Error {
  let message: String
  let hint: String?

  init(unreachable error: any Error, _ address: String) {
    let reason = (error as? HTTPClientError).map { $0.description } ?? "\(error)"
    message = "no answer: \(reason.prefix(300))"
    hint = """
      Is a gateway's admin side there? It listens where `admin.bind` of its configuration says; --admin names another \
      address than \(address).
      """
  }

  init(status: Int, _ reply: AdminReply?, _ address: String, hasToken: Bool) {
    message = "\(status) \(reply?.message ?? "and nothing that this command can read")"
    hint =
      switch status {
      case 401 where !hasToken: "Give --admin-token-file or set GATEHOUSE_ADMIN_TOKEN."
      case 401: "The token is not the one that `admin.token` of that gateway names."
      case 404 where reply?.reason != "revocation_unknown", 405:
        "Is \(address) the admin side (`admin.bind`) of a gateway, and not a listener?"
      case 200..<300: "Is \(address) the admin side (`admin.bind`) of a gateway?"
      default: nil
      }
  }
}
