import Foundation
import HTTPTypes
import Hummingbird
import UserApiTokens

/// One request for one of the actions, with its parts decoded and its body collected.
struct ActionRequest: Sendable {
  let action: TokenAction
  let tokenID: String?
  let query: QueryParameters
  let headers: HTTPFields
  let body: JSONValue?
}

/// Answers as the API sends them.
enum Answer {
  static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  static func failure(_ failure: ServiceFailure) throws -> Response {
    let name = failure.isFromHTTPLayer ? "code" : "type"
    return try json(
      [name: failure.type, "message": failure.message], status: failure.status, headers: failure.headers)
  }

  /// The fields that every answer of the API has; what an answer sets itself stays.
  static func decorate(_ response: inout Response, origin: String?) {
    for (name, value) in common where response.headers[name] == nil { response.headers[name] = value }
    response.headers[.accessControlAllowOrigin] = origin ?? "*"
    if origin != nil { response.headers[.vary] = "origin" }
  }

  private static let common: [(HTTPField.Name, String)] = [
    (.cacheControl, "no-cache, no-store, must-revalidate"),
    (.pragma, "no-cache"),
    (.xContentTypeOptions, "nosniff"),
    (.xXSSProtection, "1; mode=block"),
    (.contentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'"),
    (.strictTransportSecurity, "max-age=31536000"),
  ]

  static func preflight() -> Response {
    var response = Response(
      status: .noContent,
      headers: [
        .accessControlAllowMethods: "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT",
        .accessControlAllowHeaders: "Accept,Content-Type,X-Amz-Date,Authorization,Accept-Version,losantdomain",
        .accessControlMaxAge: "86400",
      ])
    // An answer without content says nothing of its length (RFC 9110, section 8.6).
    response.headers[.contentLength] = nil
    return response
  }
}

extension HTTPField.Name {
  static var pragma: Self { known("Pragma") }
  static var xXSSProtection: Self { known("X-XSS-Protection") }
  static var losantdomain: Self { known("losantdomain") }

  private static func known(_ name: String) -> Self { Self(name) ?? .via }
}
