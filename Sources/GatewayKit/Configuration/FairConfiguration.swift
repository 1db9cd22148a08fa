/// How the domains share the connections of an upstream.
package struct FairConfiguration: Sendable, Hashable {
  /// What a domain may have beside another.
  package struct Weight: Sendable, Hashable {
    /// The domain's name.
    package var domain: String
    /// 1 to 1000; domains that are not named have 1.
    package var weight: Int
    package var position: SourcePosition

    package init(domain: String, weight: Int, position: SourcePosition) {
      self.domain = domain
      self.weight = weight
      self.position = position
    }
  }

  /// The part of the connections, in percent, that a domain of weight 1 leaves free for others when it is alone; 0 to 90.
  package var headroom = 10
  /// The domains whose weight is not 1; no name stands twice.
  package var weights: [Weight] = []

  package init() {}
}
