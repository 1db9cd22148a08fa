extension ClaimRules {
  /// The rules of the settings.
  ///
  /// - Parameter keptClaims: claims whose values the identity keeps.
  init(_ settings: AuthenticationSettings) {
    self.init(
      issuers: settings.issuers, audiences: settings.audiences, kinds: settings.kinds,
      requiresExpiry: settings.requiresExpiry, scopeClaim: settings.scopeClaim, kindClaim: settings.kindClaim,
      tokenIDClaim: settings.tokenIDClaim, domainClaim: settings.domainClaim, keptClaims: keptClaims)
  }
}
