import GatewayKit
import NIOCore

/// The answers to requests whose token is not taken, made once.
struct RefusalReplies: Sendable {
  private let replies: [TokenFailure: Reply]
  private let fallback: Reply

  /// - Parameter cooldown: the least time between two fetches of keys.
  init(missing: AuthenticationSettings.Missing, cooldown: Duration) {
    var replies: [TokenFailure: Reply] = [:]
    for failure in TokenFailure.allCases { replies[failure] = Self.reply(failure, missing) }
    for failure in [TokenFailure.keysBusy, .keysUnavailable] { replies[failure] = Self.later(failure, cooldown) }
    self.replies = replies
    self.fallback = Self.invalid(.malformed)
  }

  subscript(failure: TokenFailure) -> Reply { replies[failure] ?? fallback }

  private static func reply(_ failure: TokenFailure, _ missing: AuthenticationSettings.Missing) -> Reply {
    switch failure {
    case .missing where missing == .forbidden:
      Reply(refusing: 403, failure.reason, message: "Access is forbidden")
    case .missing:
      // No error code when there was no token (RFC 6750 section 3.1).
      Reply(
        refusing: 401, failure.reason, message: "A token is needed: send Authorization: Bearer <token>",
        fields: challenge(""))
    case .inQuery:
      Reply(
        refusing: 400, failure.reason,
        message: "A token must come from one place: send it as Authorization: Bearer <token>, not in the query",
        fields: challenge(" error=\"invalid_request\", error_description=\"The query must not hold a token\""))
    case .expired:
      Reply(
        refusing: 401, failure.reason, message: "Access token has expired",
        fields: challenge(" error=\"invalid_token\", error_description=\"Access token has expired\""))
    case .introspectionUnavailable, .introspectionPending, .introspectionBusy: unknown(failure)
    default: invalid(failure)
    }
  }

  /// The token may be good: its key is asked for as soon as that may be done again.
  private static func later(_ failure: TokenFailure, _ cooldown: Duration) -> Reply {
    let seconds = cooldown.nanoseconds.saturatingAdd(999_999_999) / 1_000_000_000
    return Reply(
      refusing: 503, failure.reason, message: "The token cannot be verified just now: try again soon",
      fields: ByteBuffer(string: "Retry-After: \(max(1, seconds))\r\n"))
  }

  /// The client learns no more than that the token is not taken; the reason code tells the operator why.
  private static func invalid(_ failure: TokenFailure) -> Reply {
    Reply(
      refusing: 401, failure.reason, message: "Invalid access token",
      fields: challenge(" error=\"invalid_token\", error_description=\"Invalid access token\""))
  }

  /// Whether the token is good could not be found out. Nothing is wrong with the request.
  private static func unknown(_ failure: TokenFailure) -> Reply {
    Reply(
      refusing: 503, failure.reason, message: "Access tokens cannot be checked at the moment: try again",
      fields: ByteBuffer(string: "Retry-After: 1\r\n"))
  }

  private static func challenge(_ parameters: String) -> ByteBuffer {
    ByteBuffer(string: "WWW-Authenticate: Bearer\(parameters)\r\n")
  }
}
