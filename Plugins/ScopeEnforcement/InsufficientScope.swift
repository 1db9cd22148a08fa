import GatewayKit
import NIOCore

/// Answers that say which scopes would be right (RFC 6750 section 3.1).
enum InsufficientScope {
  /// A list of scopes in an answer is cut here, in bytes; clients and proxies do not like long fields.
  static let longestList = 512

  /// The answer; `need` is the sentence that the scopes complete.
  static func reply(_ need: String, _ scopes: [String]) -> Reply {
    // What else a catalogue holds cannot be shown.
    let named = bounded(scopes.filter(ScopeName.isValid))
    let text = named.joined(separator: ", ") + (named.count < scopes.count ? ", ..." : "")
    let fields =
      "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"\(named.joined(separator: " "))\"\r\n"
    return Reply(
      refusing: 403, "scope_insufficient", message: "Access is forbidden: \(need): \(text)",
      fields: ByteBuffer(string: fields))
  }

  private static func bounded(_ scopes: [String]) -> [String] {
    var length = 0
    return Array(
      scopes.prefix { scope in
        length += scope.utf8.count + 1
        return length <= longestList
      })
  }
}
