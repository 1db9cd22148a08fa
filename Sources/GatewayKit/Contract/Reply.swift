public import NIOCore

/// An answer that the gateway gives by itself. Immutable, so that one may serve many exchanges on many loops.
public final class Reply: Sendable {
  /// What the body is made of.
  public enum Content: Sendable {
    /// These bytes, as they are.
    case bytes(ByteBuffer)
    /// The error form `{"type", "message", "reason", "requestId"}`, rendered for each exchange.
    case error(type: String, message: String)
  }

  /// The status code, 200 to 599.
  public let status: UInt16
  /// Why, when the gateway refuses; nil for an answer such as one from the cache.
  public let reason: ReasonCode?
  /// Rendered `name: value` lines, each with its CRLF, without Content-Length, Connection or Date.
  public let fields: ByteBuffer
  /// The body.
  public let content: Content
  /// Whether a Date field is among ``fields`` already.
  public let hasDate: Bool

  /// An answer with a body of its own, such as one from the cache.
  public init(status: UInt16, fields: ByteBuffer, body: ByteBuffer, hasDate: Bool = false) {
    self.status = status
    self.reason = nil
    self.fields = fields
    self.content = .bytes(body)
    self.hasDate = hasDate
  }

  /// A refusal.
  ///
  /// - Parameters:
  ///   - status: the status code.
  ///   - reason: the stable reason code.
  ///   - type: the API's word for the error; nil takes the word that fits the status.
  ///   - message: what was wrong and what would be right. It must hold nothing secret.
  ///   - fields: further fields, rendered: each line with its CRLF.
  public init(
    refusing status: UInt16, _ reason: ReasonCode, type: String? = nil, message: String,
    fields: ByteBuffer = ByteBuffer()
  ) {
    self.status = status
    self.reason = reason
    self.fields = fields
    self.content = .error(type: type ?? Self.typeName(for: status), message: message)
    self.hasDate = false
  }

  /// The error name that the API's own clients know for a status.
  public static func typeName(for status: UInt16) -> String {
    switch status {
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "NotFound"
    case 405: "MethodNotAllowed"
    case 408: "RequestTimeout"
    case 413: "PayloadTooLarge"
    case 414: "UriTooLong"
    case 421: "MisdirectedRequest"
    case 429: "TooManyRequests"
    case 431: "HeaderFieldsTooLarge"
    case 400..<500: "Validation"
    case 501: "NotImplemented"
    case 502: "BadGateway"
    case 503: "ServiceUnavailable"
    case 504: "GatewayTimeout"
    default: "Error"
    }
  }
}
