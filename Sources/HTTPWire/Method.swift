/// A request method (RFC 9110 section 9). CONNECT and TRACE never get this far: the parser refuses them.
public enum Method: UInt8, Sendable, Hashable {
  case get, head, post, put, patch, delete, options
  /// Any other token; its letters are in the head.
  case other

  /// The name on the wire; empty for `other`.
  public var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other: ""
    }
  }

  /// Whether the method asks for nothing to change (RFC 9110 section 9.2.1); false for unknown ones.
  public var isSafe: Bool { self == .get || self == .head || self == .options }

  /// Whether sending it twice means the same as once (RFC 9110 section 9.2.2); false for unknown ones.
  public var isIdempotent: Bool { isSafe || self == .put || self == .delete }

  /// The method of a token; letter case counts (RFC 9110 section 9.1).
  init(token: RawSpan) {
    switch token.byteCount {
    case 3: self = token.equals("GET") ? .get : token.equals("PUT") ? .put : .other
    case 4: self = token.equals("POST") ? .post : token.equals("HEAD") ? .head : .other
    case 5: self = token.equals("PATCH") ? .patch : .other
    case 6: self = token.equals("DELETE") ? .delete : .other
    case 7: self = token.equals("OPTIONS") ? .options : .other
    default: self = .other
    }
  }
}
