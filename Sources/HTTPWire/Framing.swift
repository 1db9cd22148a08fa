/// How the end of a message's content is known (RFC 9112 section 6.3).
public enum Framing: Sendable, Hashable {
  /// There is no content, and no field says so.
  case none
  /// Content-Length: that many bytes follow, possibly none.
  case length(UInt64)
  /// Transfer-Encoding: chunked.
  case chunked
  /// Everything until the connection closes; only in responses.
  case untilClose
}

/// The form of a request target (RFC 9112 section 3.2).
public enum TargetForm: UInt8, Sendable, Hashable {
  /// `/path?query`
  case origin
  /// `http://authority/path?query`
  case absolute
  /// `*`, of OPTIONS only
  case asterisk
}
