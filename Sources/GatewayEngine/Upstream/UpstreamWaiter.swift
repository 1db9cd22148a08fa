import GatewayKit
import NIOCore

/// Whoever asked a pool for a connection. A client connection is one.
protocol UpstreamWaiter: AnyObject {
  /// A connection is there; it is the waiter's until the response is finished or it is closed.
  func upstreamReady(_ connection: UpstreamConnection)
  /// There will be none.
  func upstreamUnavailable(_ failure: UpstreamFailure)
}

/// One request's wish for a connection, from the asking until it is fulfilled, refused or taken back.
final class UpstreamWish {
  private var waiter: (any UpstreamWaiter)?
  /// The number of the domain that it is of.
  let domain: Int
  /// Whether it stands in the queue, rather than being connected for.
  private(set) var isQueued = false
  /// Where in the queue, as long as it does.
  private(set) var ticket = -1
  /// Whether only the endpoint will do that was asked for.
  var isPinned = false
  /// The making of its connection, for one that is pinned; until it ends.
  var attempt: ConnectAttempt?
  /// What a hash policy goes by.
  let key: UInt64?
  /// The endpoints to which no connection could be made.
  var tried = EndpointSet()
  /// The endpoints that have been asked in vain before; others are better.
  let excluded: EndpointSet
  /// Whether a connection is better that has carried nothing.
  let isFresh: Bool

  init(
    _ waiter: any UpstreamWaiter, of domain: Int, _ key: UInt64?, excluding excluded: EndpointSet = EndpointSet(),
    isFresh: Bool = false
  ) {
    self.waiter = waiter
    self.domain = domain
    self.key = key
    self.excluded = excluded
    self.isFresh = isFresh
  }

  /// Whether anybody still waits.
  var isWanted: Bool { waiter != nil }

  /// It stands in the queue from now on.
  func queue(_ ticket: Int) {
    isQueued = true
    self.ticket = ticket
  }

  /// It stands there no longer, and is still wanted.
  func unqueue() { isQueued = false }

  /// Ends the wish; whoever waited is to be told, if anybody still does.
  @discardableResult
  func end() -> (any UpstreamWaiter)? {
    isQueued = false
    return waiter.take()
  }
}

/// Why the origin gave no proper answer.
enum UpstreamFailure {
  case connectFailed
  case connectTimeout
  /// The handshake failed: most often the certificate is not what it should be.
  case tlsFailed
  /// No endpoint's name has an address.
  case unresolved
  case tooManyWaiting
  /// It waited for a connection, and lost its place to a request of a domain that has fewer.
  case overloaded
  case closedBeforeResponse
  case responseInvalid(ReasonCode)
  case headTimeout
  case bodyTimeout
  /// It stopped taking the request's content.
  case stalled
  case truncated

  /// What the client is told.
  var reply: Reply {
    switch self {
    case .connectFailed: Self.connectFailedReply
    case .connectTimeout: Self.connectTimeoutReply
    case .tlsFailed: Self.tlsFailedReply
    case .unresolved: Self.unresolvedReply
    case .tooManyWaiting: Self.tooManyWaitingReply
    case .overloaded: Self.overloadedReply
    case .closedBeforeResponse: Self.closedReply
    case .headTimeout: Self.headTimeoutReply
    case .bodyTimeout: Self.bodyTimeoutReply
    case .stalled: Self.stalledReply
    case .truncated: Self.truncatedReply
    case .responseInvalid(let reason): Reply(refusing: 502, reason, message: "The origin's response is malformed.")
    }
  }

  private static let connectFailedReply = Reply(
    refusing: 502, "upstream_connect_failed", message: "No connection to the origin could be made.")
  private static let connectTimeoutReply = Reply(
    refusing: 504, "upstream_connect_timeout", message: "The origin did not accept a connection in time.")
  private static let tlsFailedReply = Reply(
    refusing: 502, "upstream_tls_failed", message: "No secure connection to the origin could be made.")
  private static let unresolvedReply = Reply(
    refusing: 502, "upstream_unresolved", message: "The origin's name has no address.")
  private static let tooManyWaitingReply = Reply(
    refusing: 503, "upstream_busy", message: "Too many requests wait for a connection to the origin. Try again later.",
    fields: retryAfter)
  private static let overloadedReply = Reply(
    refusing: 503, "upstream_overloaded",
    message: "Too many requests of this domain wait for a connection to the origin. Try again later.",
    fields: retryAfter)
  private static let retryAfter = ByteBuffer(string: "Retry-After: 1\r\n")
  private static let closedReply = Reply(
    refusing: 502, "upstream_closed", message: "The origin closed the connection before it answered.")
  private static let headTimeoutReply = Reply(
    refusing: 504, "upstream_head_timeout", message: "The origin did not answer in time.")
  private static let bodyTimeoutReply = Reply(
    refusing: 504, "upstream_body_timeout", message: "The origin stopped in the middle of its answer.")
  private static let stalledReply = Reply(
    refusing: 504, "upstream_stalled", message: "The origin stopped taking the request.")
  private static let truncatedReply = Reply(
    refusing: 502, "upstream_truncated", message: "The origin's answer ended too early.")
}
