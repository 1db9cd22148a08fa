import GatewayKit
import NIOCore

/// The plugin's refusals, made once, each with its counter.
struct RegistryReplies: Sendable {
  struct Refusal: Sendable {
    let reply: Reply
    private let count: Counter

    init(_ reply: Reply, _ counters: CounterRegistry) {
      self.reply = reply
      count = counters.counter(
        "gatehouse_token_registry_refusals_total", help: "Requests refused because of the list of tokens, by reason.",
        labels: [("reason", reply.reason?.text ?? "")])
    }

    /// The refusal, counted.
    func verdict() -> Verdict {
      count.add()
      return .reply(reply)
    }
  }

  let inactive, expired, deleted, unlisted, stale, busy: Refusal

  init(_ counters: CounterRegistry) {
    inactive = Refusal(Self.invalid("token_registry_inactive"), counters)
    expired = Refusal(Self.invalid("token_registry_expired", "Access token has expired"), counters)
    deleted = Refusal(Self.invalid("token_registry_deleted"), counters)
    unlisted = Refusal(Self.invalid("token_registry_unlisted"), counters)
    stale = Refusal(
      Self.later("token_registry_stale", "It cannot be told whether the token is still good; try again", after: 5),
      counters)
    busy = Refusal(
      Self.later("token_registry_busy", "Too many new tokens wait to be looked up; try again", after: 1), counters)
  }

  /// The client learns no more than that the token is not taken; the reason code tells the operator why.
  private static func invalid(_ reason: ReasonCode, _ message: String = "Invalid access token") -> Reply {
    Reply(
      refusing: 401, reason, message: message,
      fields: ByteBuffer(
        string: "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"\(message)\"\r\n"))
  }

  private static func later(_ reason: ReasonCode, _ message: String, after seconds: Int) -> Reply {
    Reply(refusing: 503, reason, message: message, fields: ByteBuffer(string: "Retry-After: \(seconds)\r\n"))
  }
}
