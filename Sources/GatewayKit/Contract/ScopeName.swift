/// What may be the name of a scope.
package enum ScopeName {
  /// Visible ASCII without quotes and backslashes (RFC 6749 section 3.3).
  package static func isValid(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
  }
}
