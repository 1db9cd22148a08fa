import GatewayKit

/// The refusals that the engine itself makes. Immutable, so one of each serves all loops.
enum Refusals {
  static let unknownDomain = Reply(
    refusing: 404, "domain_unknown",
    message: "No domain of this gateway is named by losantdomain or Host. Name one in the losantdomain field.")
  static let domainMismatch = Reply(
    refusing: 421, "domain_mismatch",
    message: "losantdomain, Host and the TLS server name differ in their domain. Name the same domain in all.")
  static let noRoute = Reply(
    refusing: 404, "route_unknown", message: "The domain has no route for this method and path.")
  static let bodyTooLarge = Reply(
    refusing: 413, "body_too_large", message: "The request's content is larger than this gateway takes.")
  static let requestHeadTimeout = Reply(
    refusing: 408, "request_head_timeout", message: "The request's head did not arrive in time.")
  static let requestBodyTimeout = Reply(
    refusing: 408, "request_body_timeout", message: "The request's content did not arrive in time.")
  static let pluginTimeout = Reply(
    refusing: 504, "plugin_timeout", message: "A check of this gateway did not finish in time.")
  static let pluginFailed = Reply(
    refusing: 500, "plugin_failed", message: "A check of this gateway failed, so the request is denied.")
  static let exchangeTimeout = Reply(
    refusing: 504, "exchange_timeout", message: "The request was not answered in the time that one may take.")
  static let tunnelsExceeded = Reply(
    refusing: 503, "tunnels_exceeded", message: "As many tunnels are open as may be. Try again later.")
  static let upstreamWait = Reply(
    refusing: 504, "upstream_wait_timeout", message: "No connection to the origin became free in time.")
}
