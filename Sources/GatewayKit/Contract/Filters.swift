public import NIOCore

/// A filter is the part of a plugin that runs on one event loop: class-bound, not `Sendable`, made once for each loop and
/// configuration generation, so it needs no locks. It conforms to the protocols of the phases in which it takes part; the
/// chain of a route is compiled from that, and a phase costs nothing to a filter that has no part in it.
///
/// Hooks run on the loop and must not block. The order of the phases is fixed: identity, authorize, limit, request, cache
/// lookup, (upstream), response, cache store, observe; inside a phase it is that of the configuration, on the response's
/// way reversed.
public protocol Filter: AnyObject {}

/// Establishes who asks: sets ``Exchange/identity`` or refuses.
public protocol IdentityFilter: Filter {
  /// Called when domain and route are known.
  func identify(_ exchange: Exchange) -> Verdict
}

/// Decides whether the identity may do this. It is asked anew for every exchange, cached facts or not.
public protocol AuthorizeFilter: Filter {
  /// Called when the identity is known.
  func authorize(_ exchange: Exchange) -> Verdict
}

/// Counts and bounds.
public protocol LimitFilter: Filter {
  /// Called when the exchange is allowed.
  func limit(_ exchange: Exchange) -> Verdict
}

/// Changes or checks the request before anybody answers it.
public protocol RequestFilter: Filter {
  /// Called when the exchange is allowed and within its limits.
  func request(_ exchange: Exchange) -> Verdict
}

/// Answers without the origin.
public protocol CacheLookupFilter: Filter {
  /// Called last before the origin is asked.
  func lookup(_ exchange: Exchange) -> Verdict
}

/// Changes or checks the head of a response, the origin's or the gateway's own.
public protocol ResponseFilter: Filter {
  /// Called when the response's head is complete. For the gateway's own answers ``Exchange/response`` is empty;
  /// ``Exchange/replyInProgress`` tells.
  func response(_ exchange: Exchange)
}

/// Puts an answer of its own in the place of the origin's: one that it kept and that the origin calls valid, or the best
/// there is when the origin fails.
public protocol RevalidationFilter: Filter {
  /// Called with the head of the origin's response before anybody else sees it, at most once for an exchange and only when
  /// the request can be sent again: it is of a safe method and has no content. True when the response is worth nothing and
  /// the request should be sent once more.
  func wantsAnother(_ exchange: Exchange) -> Bool
  /// Called after that, when the request is sent once more: the filter takes back what it has added to it.
  func willAskAnew(_ exchange: Exchange)
  /// Called when the response filters have seen the head of the origin's response. An answer goes out in its place; what
  /// follows of the origin's response is dropped, and no store filter sees it.
  func revalidated(_ exchange: Exchange) -> Reply?
  /// Called when the origin gave no proper answer. An answer goes out in place of the gateway's error.
  func upstreamFailed(_ exchange: Exchange) -> Reply?
}

/// Keeps the origin's responses. It is never shown the gateway's own answers.
public protocol CacheStoreFilter: Filter {
  /// Called when the head of the origin's response is complete. The body is shown only when this says true.
  func storeHead(_ exchange: Exchange) -> Bool
  /// A piece of the body, in order, as it is sent to the client. Keep the buffer, or a slice, to avoid a copy.
  func storeBody(_ exchange: Exchange, _ bytes: ByteBuffer)
  /// The end: `complete` is true only when the whole message arrived as its framing promised.
  func storeEnd(_ exchange: Exchange, complete: Bool)
}

/// Sees the finished exchange.
public protocol ObserveFilter: Filter {
  /// Called once for every exchange of a client's whose domain is known, after the last byte was written or the exchange was cut.
  func observe(_ exchange: Exchange)
}

/// Sees the finished exchanges of the gateway's own, which ``ObserveFilter/observe(_:)`` is not shown.
public protocol DetachedObserveFilter: Filter {
  /// Called once for every exchange for which ``Exchange/isDetached`` is true and an origin was to be asked. The outcome
  /// says what the gateway got.
  func observeDetached(_ exchange: Exchange)
}
