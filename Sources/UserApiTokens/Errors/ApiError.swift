public import Foundation

/// An answer of the API with a status of 400 or more.
public struct ApiError: Error, Hashable, Sendable {
  /// The HTTP status.
  public var status: Int
  /// The name of the error, such as `Validation`, `Unauthorized`, `Forbidden` or `NotFound`; `nil` if the body has none.
  public var type: String?
  /// What was wrong, in words; `nil` if the body has none.
  public var message: String?
  /// Every further member of the body.
  public var members: [String: JSONValue]
  /// When to try again, if the answer says so (`Retry-After`, RFC 9110, section 10.2.3).
  public var retryAfter: RetryAfter?

  /// An error answer.
  public init(
    status: Int, type: String? = nil, message: String? = nil, members: [String: JSONValue] = [:],
    retryAfter: RetryAfter? = nil
  ) {
    self.status = status
    self.type = type
    self.message = message
    self.members = members
    self.retryAfter = retryAfter
  }

  init(status: Int, body: [String: JSONValue], retryAfter: RetryAfter?) {
    var members = body
    type = Self.take("type", from: &members)
    message = Self.take("message", from: &members)
    self.members = members
    self.status = status
    self.retryAfter = retryAfter
  }

  /// Takes a text out; a member of that name that is no text stays among the further members.
  private static func take(_ name: String, from members: inout [String: JSONValue]) -> String? {
    guard let text = members[name]?.stringValue else { return nil }
    members[name] = nil
    return text
  }
}

/// When to try again.
public enum RetryAfter: Hashable, Sendable {
  /// After that many seconds.
  case seconds(Int)
  /// At that time.
  case date(Date)

  /// Reads a field value: seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` for anything else.
  init?(field: String) {
    let text = field.trimmingCharacters(in: .whitespaces)
    if let seconds = Int(text) {
      guard seconds >= 0 else { return nil }
      self = .seconds(seconds)
    } else if let date = Self.date(text) {
      self = .date(date)
    } else {
      return nil
    }
  }

  private static let months = [
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11,
    "Dec": 12,
  ]

  /// Rewrites an IMF-fixdate (RFC 9110, section 5.6.7) as RFC 3339 and reads that.
  private static func date(_ text: String) -> Date? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let month = months[String(parts[2])] else { return nil }
    let digits = month < 10 ? "0\(month)" : "\(month)"
    return WireDate.date("\(parts[3])-\(digits)-\(parts[1])T\(parts[4])Z")
  }
}
