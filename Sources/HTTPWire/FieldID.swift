/// A field name the gateway knows, as a small number.
///
/// The parser turns known names into identifiers once, so that nothing later compares letters. There are at most
/// 64 cases, so a set of them is one machine word (``FieldIDSet``). Every other name is `other` and is compared by its
/// bytes.
public enum FieldID: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable {
  case other = 0
  // Framing and connection (RFC 9110 section 7.6, RFC 9112 section 6)
  case host, connection, contentLength, transferEncoding, te, trailer, upgrade, keepAlive
  case proxyConnection, proxyAuthenticate, proxyAuthorization, expect, maxForwards
  // Who asks, and by which way
  case authorization, losantdomain, via, forwarded
  case xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort
  case xOriginalURL, xRewriteURL, xHTTPMethod, xHTTPMethodOverride, xMethodOverride, xRequestID
  // Content
  case accept, acceptEncoding, acceptVersion, userAgent, contentType, contentEncoding, contentRange, range
  case cookie, setCookie
  // Caching (RFC 9111) and conditions (RFC 9110 section 13)
  case cacheControl, pragma, age, date, expires, etag, lastModified, vary
  case ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange
  // Answers
  case location, retryAfter, wwwAuthenticate, server, rateLimit, rateLimitPolicy, cacheStatus, allow
  // Streams, tunnels and tracing
  case lastEventID, secWebSocketKey, secWebSocketVersion, traceparent, tracestate
}

extension FieldID {
  /// The spelling the gateway writes; empty for `other`.
  public var name: StaticString {
    switch self {
    case .other: ""
    case .host: "Host"
    case .connection: "Connection"
    case .contentLength: "Content-Length"
    case .transferEncoding: "Transfer-Encoding"
    case .te: "TE"
    case .trailer: "Trailer"
    case .upgrade: "Upgrade"
    case .keepAlive: "Keep-Alive"
    case .proxyConnection: "Proxy-Connection"
    case .proxyAuthenticate: "Proxy-Authenticate"
    case .proxyAuthorization: "Proxy-Authorization"
    case .expect: "Expect"
    case .maxForwards: "Max-Forwards"
    case .authorization: "Authorization"
    case .losantdomain: "losantdomain"
    case .via: "Via"
    case .forwarded: "Forwarded"
    case .xForwardedFor: "X-Forwarded-For"
    case .xForwardedProto: "X-Forwarded-Proto"
    case .xForwardedHost: "X-Forwarded-Host"
    case .xForwardedPort: "X-Forwarded-Port"
    case .xOriginalURL: "X-Original-URL"
    case .xRewriteURL: "X-Rewrite-URL"
    case .xHTTPMethod: "X-HTTP-Method"
    case .xHTTPMethodOverride: "X-HTTP-Method-Override"
    case .xMethodOverride: "X-Method-Override"
    case .xRequestID: "X-Request-ID"
    case .accept: "Accept"
    case .acceptEncoding: "Accept-Encoding"
    case .acceptVersion: "Accept-Version"
    case .userAgent: "User-Agent"
    case .contentType: "Content-Type"
    case .contentEncoding: "Content-Encoding"
    case .contentRange: "Content-Range"
    case .range: "Range"
    case .cookie: "Cookie"
    case .setCookie: "Set-Cookie"
    case .cacheControl: "Cache-Control"
    case .pragma: "Pragma"
    case .age: "Age"
    case .date: "Date"
    case .expires: "Expires"
    case .etag: "ETag"
    case .lastModified: "Last-Modified"
    case .vary: "Vary"
    case .ifMatch: "If-Match"
    case .ifNoneMatch: "If-None-Match"
    case .ifModifiedSince: "If-Modified-Since"
    case .ifUnmodifiedSince: "If-Unmodified-Since"
    case .ifRange: "If-Range"
    case .location: "Location"
    case .retryAfter: "Retry-After"
    case .wwwAuthenticate: "WWW-Authenticate"
    case .server: "Server"
    case .rateLimit: "RateLimit"
    case .rateLimitPolicy: "RateLimit-Policy"
    case .cacheStatus: "Cache-Status"
    case .allow: "Allow"
    case .lastEventID: "Last-Event-ID"
    case .secWebSocketKey: "Sec-WebSocket-Key"
    case .secWebSocketVersion: "Sec-WebSocket-Version"
    case .traceparent: "traceparent"
    case .tracestate: "tracestate"
    }
  }
}
