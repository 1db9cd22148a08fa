import Crypto
import GatewayKit

/// The scopes of a token.
enum TokenScopes {
  /// The scopes of a claim, sorted, each once: a text with blanks between them (RFC 8693 section 4.2) or a list of
  /// texts. No claim means no scope.
  ///
  /// Scopes are visible ASCII without quotes and backslashes (RFC 6749 section 3.3); others are refused, so that no
  /// comparison later has to think of Unicode forms.
  static func read(_ claim: JSONValue?) throws(TokenFailure) -> [String] {
    guard let claim else { return [] }
    let names: [String]
    if let text = claim.text {
      names = text.split(separator: " ").map(String.init)
    } else if let texts = claim.texts {
      names = texts
    } else {
      throw .malformed
    }
    guard names.allSatisfy(ScopeName.isValid) else { throw .malformed }
    return Set(names).sorted()
  }

  /// Stands for the set: the names are sorted and unique, and each has its length before it.
  static func fingerprint(_ scopes: [String]) -> Fingerprint {
    var hash = SHA256()
    for scope in scopes {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: scope.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: Array(scope.utf8))
    }
    return Fingerprint(digest: hash.finalize())
  }
}
