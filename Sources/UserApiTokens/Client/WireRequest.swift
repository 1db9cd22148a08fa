import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A call, ready to be sent with any token.
struct WireRequest: Sendable {
  let method: HTTPMethod
  let url: String
  let headers: HTTPHeaders
  let body: ByteBuffer?

  init(
    _ method: HTTPMethod, path: [String], query: [(String, String?)] = [], body: ByteBuffer? = nil,
    configuration: UserApiTokensClient.Configuration, options: CallOptions
  ) throws(UserApiTokensError) {
    var url = configuration.base
    for segment in path { url += "/" + PercentEncoding.encode(segment) }
    url += "?_actions=\(options.actions)&_links=\(options.links)&_embedded=\(options.embedded)"
    for case (let name, let value?) in query { url += "&\(name)=\(PercentEncoding.encode(value))" }
    var headers: HTTPHeaders = ["Accept": "application/json", "Accept-Version": configuration.acceptVersion]
    if let domain = options.losantdomain {
      guard PercentEncoding.isFieldValue(domain) else {
        throw .invalidArgument(name: "losantdomain", reason: "may only hold visible ASCII characters, without blanks")
      }
      headers.add(name: "losantdomain", value: domain)
    }
    if body != nil { headers.add(name: "Content-Type", value: "application/json") }
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }

  func authorized(_ token: SecretToken?) throws(UserApiTokensError) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url)
    request.method = method
    request.headers = headers
    if let body { request.body = .bytes(body) }
    if let text = token?.reveal(), !text.isEmpty {
      guard PercentEncoding.isFieldValue(text) else {
        throw .tokenUnavailable(reason: "the token has characters that no token can have, such as a blank or a newline")
      }
      request.headers.add(name: "Authorization", value: "Bearer \(text)")
    }
    return request
  }
}

enum PercentEncoding {
  /// Escapes everything but the unreserved characters (RFC 3986, section 2.3).
  static func encode(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result += byte < 16 ? "%0" : "%"
        result += String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  static func isFieldValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
