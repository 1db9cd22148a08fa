import GatewayKit
import NIOCore
import Synchronization

/// What is known of a token whose signature and claims were found good. Facts, never decisions: time and domain are
/// judged at every use.
final class VerifiedToken: Sendable {
  let identity: Identity
  /// When the token begins, in nanoseconds since 1970: the later of `nbf` and `iat`; `Int64.min` when it always has.
  let notBefore: Int64
  /// The domains that the token is for; nil when the settings bind tokens to none.
  let domains: [[UInt8]]?
  /// The key that it was verified by; nil when an endpoint that was asked vouches for it.
  let key: VerificationKey?
  /// About how many bytes that takes which the origin is told of it.
  private let renderedCost: Int
  /// What the origin is told of it, once that was asked for.
  let rendered = AtomicLazyReference<IdentityFields.Rendered>()

  init(
    identity: Identity, notBefore: Int64, domains: [[UInt8]]?, key: VerificationKey?, renderedCost: Int = 0
  ) {
    self.identity = identity
    self.notBefore = notBefore
    self.domains = domains
    self.key = key
    self.renderedCost = renderedCost
  }

  /// Whether the key that vouched for it has been withdrawn.
  var isRetired: Bool { key?.isRetired ?? false }

  /// Why the token is not good at this time and in this domain; nil when it is.
  func failure(at wall: Int64, leeway: Int64, domain: DomainFacts?) -> TokenFailure? {
    if identity.expiry != .max, wall >= identity.expiry.saturatingAdd(leeway) { return .expired }
    if wall < notBefore.saturatingAdd(-leeway) { return .notYetValid }
    if let domains, !Self.contains(domains, domain) { return .wrongDomain }
    return nil
  }

  private static func contains(_ domains: [[UInt8]], _ domain: DomainFacts?) -> Bool {
    guard let domain else { return false }
    return domain.key.withUnsafeReadableBytes { name in domains.contains { $0.elementsEqual(name) } }
  }

  /// About how many bytes the facts take, for the cache's bound, with what is made of them later: fields for the origin,
  /// and the scopes as a catalogue sees them.
  var cost: Int {
    var cost = 768 + renderedCost
    cost += identity.subject.utf8.count + identity.issuer.utf8.count + identity.tokenID.utf8.count
    for claim in identity.claims { cost += 64 + claim.name.utf8.count + claim.value.utf8.count }
    for scope in identity.scopes { cost += 48 + scope.utf8.count }
    for domain in domains ?? [] { cost += 32 + domain.count }
    return cost
  }
}
