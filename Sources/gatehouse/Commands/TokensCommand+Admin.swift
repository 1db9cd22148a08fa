import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What the commands need that talk to gateways themselves, at their admin side, and not to the API.
struct AdminConnection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Address of a gateway's admin side (`admin.bind`). May be given many times: all are told. Default: \(usualAddress).",
      valueName: "url"))
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
  func run<Reply: Decodable>(
    _ method: HTTPMethod, _ path: String, _ body: String? = nil,
    tell: (_ address: String, _ answer: Reply) throws -> Void
  ) async throws {
    let token = try accessToken()
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    // Who is not there now is told to the operator, not asked again.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    var failed = false
    do {
      for address in addresses {
        do {
          try tell(address, try await call(client, address, method, path, body, token))
        } catch let failure as AdminFailure {
          Terminal.fail("\(address): \(failure.message)", hint: failure.hint)
          failed = true
        }
      }
    } catch {
      try? await client.shutdown()
      throw error
    }
    try await client.shutdown()
    if failed { throw ExitCode.failure }
  }

  private func call<Reply: Decodable>(
    _ client: HTTPClient, _ address: String, _ method: HTTPMethod, _ path: String, _ body: String?, _ token: String?
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: address + path)
    request.method = method
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: body))
    }
    let status: Int
    let content: ByteBuffer
    do {
      let answer = try await client.execute(request, timeout: .seconds(Int64(timeout)))
      status = Int(answer.status.code)
      content = try await answer.body.collect(upTo: Self.longestAnswer)
    } catch {
      throw AdminFailure(unreachable: error, address)
    }
    let data = Data(content.readableBytesView)
    if (200..<300).contains(status), let reply = try? JSONDecoder().decode(Reply.self, from: data) { return reply }
    let refusal = try? JSONDecoder().decode(AdminReply.self, from: data)
    throw AdminFailure(status: status, refusal, address, hasToken: token != nil)
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
