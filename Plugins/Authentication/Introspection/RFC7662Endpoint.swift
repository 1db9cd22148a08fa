import AsyncHTTPClient
import GatewayKit
import NIOCore
import NIOHTTP1
import UserApiTokens

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Asks an introspection endpoint (RFC 7662).
struct RFC7662Endpoint: IntrospectionEndpoint {
  private static let largest = 64 << 10
  /// What `token_type` may say. A token that is bound to a key (`DPoP`) or that only renews others (`Refresh`) must not
  /// pass as one that whoever bears it may use.
  private static let types = ["bearer", "access_token"]

  private let request: HTTPClientRequest
  private let hint: [UInt8]
  private let timeout: Duration
  private let httpClient: HTTPClient

  init(
    address: String, credential: IntrospectionSettings.Credential, hint: String?, timeout: Duration,
    httpClient: HTTPClient
  ) {
    var request = HTTPClientRequest(url: address)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
    request.headers.add(name: "Accept", value: "application/json")
    request.headers.add(name: "User-Agent", value: "gatehouse")
    if let field = Self.authorization(credential) { request.headers.add(name: "Authorization", value: field) }
    self.request = request
    self.hint = hint.map { Array("&token_type_hint=".utf8) + FormEncoding.encode($0.utf8) } ?? []
    self.timeout = timeout
    self.httpClient = httpClient
  }

  /// Name and secret are encoded like a form's before they are joined (RFC 6749 section 2.3.1).
  static func authorization(_ credential: IntrospectionSettings.Credential) -> String? {
    switch credential {
    case .none: return nil
    case .token(let token): return token.text.map { "Bearer \($0)" }
    case .client(let id, let secret):
      let pair = FormEncoding.encode(id.utf8) + [UInt8(ascii: ":")] + FormEncoding.encode(secret.bytes)
      return "Basic \(Data(pair).base64EncodedString())"
    }
  }

  func ask(_ token: [UInt8], domain: String?) async -> EndpointAnswer {
    var request = request
    var body = Array("token=".utf8)
    FormEncoding.append(token, to: &body)
    body += hint
    request.body = .bytes(ByteBuffer(bytes: body))
    let (ready, client, timeout) = (request, httpClient, timeout)
    do throws(UserApiTokensError) {
      return try await withDeadline(timeout) { await Self.exchange(ready, client, timeout) }
    } catch {
      return .unavailable(EndpointProblem("did not answer in time", isGeneral: true))
    }
  }

  private static func exchange(
    _ request: HTTPClientRequest, _ client: HTTPClient, _ timeout: Duration
  ) async -> EndpointAnswer {
    do {
      let response = try await client.execute(request, timeout: .nanoseconds(timeout.nanoseconds))
      switch response.status.code {
      case 200:
        let body = try await response.body.collect(upTo: largest)
        return read(Array(body.readableBytesView))
      case 401, 403:
        return .unavailable(EndpointProblem("refuses the gateway's own credentials", isGeneral: true))
      default: return .unavailable(EndpointProblem(status: Int(response.status.code)))
      }
    } catch is NIOTooManyBytesError {
      return .unavailable(EndpointProblem("answered with more than \(largest) bytes", isGeneral: false))
    } catch {
      return .unavailable(EndpointProblem("could not be reached, or broke off", isGeneral: true))
    }
  }

  /// What the answer says. Only the JSON value `true` makes a token good.
  static func read(_ bytes: [UInt8]) -> EndpointAnswer {
    guard let answer = try? StrictJSON.object(bytes), case .bool(let isActive)? = answer["active"] else {
      return .unavailable(EndpointProblem("answered with something else than RFC 7662 describes", isGeneral: false))
    }
    guard isActive else { return .inactive }
    guard let type = answer["token_type"] else { return .active(answer) }
    guard let name = type.text?.lowercased(), types.contains(name) else { return .inactive }
    return .active(answer)
  }
}
