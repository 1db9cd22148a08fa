/// The tokens that operators revoke.
package struct RevocationsConfiguration: Sendable, Hashable {
  /// Where they are kept; nil for in memory, until the process ends.
  package var file: String?
  /// How many there may be.
  package var most = TokenRevocations.usualMost
  /// Where the file is named.
  package var position: SourcePosition?

  package init() {}
}
