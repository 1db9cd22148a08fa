import GatewayKit
import Synchronization

/// Tells tokens good from bad for all loops: the cache, the verifier and the keys together.
final class TokenJudge: Sendable {
  let keys: KeyStore
  let cache: IdentityCache
  /// Who is asked about tokens, if anybody is.
  let introspector: Introspector?
  /// Whether keys vouch for tokens; otherwise the introspector alone does.
  let hasKeys: Bool
  private let verifier: TokenVerifier
  private let leeway: Int64
  private let maxToken: Int
  private let hits: Counter
  private let misses: Counter
  private let evictions: Counter

  init(settings: AuthenticationSettings, environment: PluginEnvironment) throws(KeyProblem) {
    keys = try KeyStore(settings: settings, environment: environment)
    cache = IdentityCache(
      entries: settings.cacheEntries, bytes: settings.cacheBytes, seed: environment.hashSeed)
    verifier = TokenVerifier(rules: ClaimRules(settings), permitted: keys.permitted, keysMayCome: keys.isRemote)
    introspector = settings.introspection.map { Introspector($0, settings: settings, environment: environment) }
    hasKeys = !settings.keys.isEmpty
    leeway = settings.leeway.nanoseconds
    maxToken = settings.maxToken
    let name = "gatehouse_token_lookups_total"
    let help = "Tokens looked up among those verified before."
    hits = environment.counters.counter(name, help: help, labels: [("result", "hit")])
    misses = environment.counters.counter(name, help: help, labels: [("result", "miss")])
    evictions = environment.counters.counter(
      "gatehouse_token_evictions_total", help: "Verified tokens forgotten to make room for others.")
    environment.counters.gauge("gatehouse_token_cache_entries", help: "Verified tokens remembered.") {
      [weak cache] in cache.map { Int64($0.count) }
    }
    environment.counters.gauge("gatehouse_token_cache_bytes", help: "Memory for them, about.") {
      [weak cache] in cache.map { Int64($0.bytes) }
    }
  }

  /// The facts of a token that is good at this time and in this domain.
  func judge(
    _ token: UnsafeRawBufferPointer, at wall: Int64, domain: DomainFacts?
  ) throws(TokenFailure) -> VerifiedToken {
    guard token.count <= maxToken else { throw .tooLarge }
    if let known = cache.value(of: token) {
      hits.add()
      if let failure = known.failure(at: wall, leeway: leeway, domain: domain) { throw failure }
      return known
    }
    misses.add()
    let keys = keys.current
    if let failure = cache.refusal(of: token, keys: keys.number, at: wall) { throw failure }
    do throws(TokenFailure) {
      let verified = try verifier.verify(token, keys: keys)
      let failure = verified.failure(at: wall, leeway: leeway, domain: domain)
      // A token that fails in this domain may be good in others.
      if failure == nil || failure == .wrongDomain {
        evictions.add(UInt64(cache.insert(verified, token: token)))
      }
      if let failure { throw failure }
      return verified
    } catch {
      cache.insert(error, token: token, keys: keys.number, at: wall)
      throw error
    }
  }
}
