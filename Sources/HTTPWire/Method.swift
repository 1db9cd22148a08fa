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

  /// The known method that a line begins with, blank and all; letter case counts (RFC 9110 section 9.1). The longest
  /// one and its blank are a word, the first byte lowest.
  static func known(in bytes: RawSpan, before end: Int) -> Method? {
    guard end >= 8 else { return nil }
    let word = bytes.word(at: 0)
    switch word & 0xFFFF_FFFF {
    case 0x2054_4547: return .get
    case 0x2054_5550: return .put
    case 0x5453_4F50 where word &>> 32 & 0xFF == 0x20: return .post
    case 0x4441_4548 where word &>> 32 & 0xFF == 0x20: return .head
    case 0x4354_4150 where word &>> 32 & 0xFFFF == 0x2048: return .patch
    case 0x454C_4544 where word &>> 32 & 0xFF_FFFF == 0x20_4554: return .delete
    case 0x4954_504F where word &>> 32 == 0x2053_4E4F: return .options
    default: return nil
    }
  }
}
