import HTTPTypes

/// An answer of the service that is an error, in the API's form.
struct ServiceFailure: Error {
  let status: HTTPResponse.Status
  let type: String
  let message: String
  var headers: HTTPFields = [:]

  /// `{"code": ...}` instead of `{"type": ...}`: what the API's HTTP layer answers before the API is reached.
  var isFromHTTPLayer = false

  static func validation(_ field: String, _ reason: String) -> ServiceFailure {
    ServiceFailure(status: .badRequest, type: "Validation", message: "\(field) \(reason)")
  }

  static func unauthorized(_ message: String = "Invalid access token") -> ServiceFailure {
    ServiceFailure(status: .unauthorized, type: "Unauthorized", message: message)
  }

  /// Both for no token at all and for a token without the scope, as the API answers.
  static let forbidden = ServiceFailure(status: .forbidden, type: "Forbidden", message: "Access is forbidden")

  static let notFound = ServiceFailure(status: .notFound, type: "NotFound", message: "Api Token was not found")

  static func methodNotAllowed(_ method: HTTPRequest.Method, allow: String) -> ServiceFailure {
    ServiceFailure(
      status: .methodNotAllowed, type: "MethodNotAllowed", message: "\(method.rawValue) is not allowed",
      headers: [.allow: allow])
  }

  static func invalidJSON(_ reason: String) -> ServiceFailure {
    ServiceFailure(
      status: .badRequest, type: "InvalidContent", message: "Invalid JSON: \(reason)", isFromHTTPLayer: true)
  }

  static func tooLarge(limit: Int) -> ServiceFailure {
    ServiceFailure(
      status: .contentTooLarge, type: "RequestEntityTooLarge", message: "Request body size exceeds \(limit)",
      isFromHTTPLayer: true)
  }

  static func unsupportedMedia(_ what: String) -> ServiceFailure {
    ServiceFailure(
      status: .unsupportedMediaType, type: "UnsupportedMediaType", message: what, isFromHTTPLayer: true)
  }
}
