extension ClaimRules {
  /// The rules of the settings. The identity keeps the claims that the origin is to be told, and those that others judge by.
  init(_ settings: AuthenticationSettings) {
    self.init(
      issuers: settings.issuers, audiences: settings.audiences, kinds: settings.kinds,
      requiresExpiry: settings.requiresExpiry, scopeClaim: settings.scopeClaim, kindClaim: settings.kindClaim,
      tokenIDClaim: settings.tokenIDClaim, domainClaim: settings.domainClaim,
      keptClaims: settings.forward.claims + settings.keepClaims.filter { !settings.forward.claims.contains($0) },
      told: settings.forward.fields)
  }
}
