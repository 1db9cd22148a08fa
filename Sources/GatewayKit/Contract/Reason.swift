/// Why the gateway answered by itself: a stable code, the same in the body, the log, the metrics and `explain`.
///
/// Codes are lower-case words joined by underscores and never change once released.
public struct ReasonCode: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The code's text, such as `token_expired`.
  public let text: String

  /// A code from its text.
  public init(stringLiteral text: StaticString) { self.text = text.description }

  /// A code from text that the wire layer gives.
  public init(_ text: StaticString) { self.text = text.description }

  /// The code's text.
  public var description: String { text }
}
