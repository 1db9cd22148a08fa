import GatewayKit

/// What refused requests are told.
enum RateLimitReplies {
  static let limited = Reply(
    refusing: 429, "rate_limited", type: "TooManyRequests",
    message: "Too many requests. Wait as many seconds as Retry-After says.")
  static let limitedLocally = Reply(
    refusing: 429, "rate_limited_locally", type: "TooManyRequests",
    message: "Too many requests for this gateway alone, while it cannot ask what the others admit. "
      + "Wait as many seconds as Retry-After says.")
  static let tableFull = Reply(
    refusing: 503, "rate_limit_table_full",
    message: "The gateway counts as many callers as it may and admits no new one. Try again later.")
  static let storeUnavailable = Reply(
    refusing: 503, "rate_limit_store_unavailable",
    message: "The gateway cannot tell how much was asked already, so it admits nothing. Try again later.")
  static let keyMissing = Reply(
    refusing: 403, "rate_limit_key_missing",
    message: "The request lacks what its limit is counted by, such as a token. Send a request that has it.")
}
