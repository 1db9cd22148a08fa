import GatewayConfig
import GatewayKit
import Testing

/// The settings of the answers that gateways share.
@Suite struct SecondTierTests {
  private static let secret = String(repeating: "s", count: 32)

  private func cache(_ settings: String, redis: Bool = true) -> String {
    configuration(more: "stores: { cache: { \(settings) }" + (redis ? ", redis: { url: redis://h } }" : " }"))
  }

  @Test func read() throws {
    let settings = "spread: writes, second_tier: redis, second_tier_secret: { env: S }"
    let usual = try parse(cache(settings), environment: ["S": Self.secret])
    #expect(usual.stores.secondTier == SecondTierConfiguration(secret: Secret(Array(Self.secret.utf8))))
    let other = try parse(
      cache(settings + ", second_tier_max_object: 8MB, second_tier_max_in_flight: 9"), environment: ["S": Self.secret])
    #expect(other.stores.secondTier?.maxObject == 8 << 20 && other.stores.secondTier?.maxInFlight == 9)
    #expect(usual.stores.secondTier?.domainRate == 4 << 20 && usual.stores.mixesAnswersWithLimits)
    let slow = try parse(cache(settings + ", second_tier_domain_rate: 26KB"), environment: ["S": Self.secret])
    #expect(slow.stores.secondTier?.domainRate == 26 << 10)
    #expect(try parse(cache("second_tier: off"), environment: [:]).stores.secondTier == nil)
  }

  /// Either server does; the cache's own is taken where there is one.
  @Test func aServerOfItsOwn() throws {
    let own = "spread: writes, redis: { url: rediss://own:1/3, user: u, password: { env: S }, timeout: 7ms }"
    let tier = ", second_tier: redis, second_tier_secret: { env: S }"
    for hasOther in [true, false] {
      let stores = try parse(cache(own + tier, redis: hasOther), environment: ["S": Self.secret]).stores
      #expect(stores.redis?.host == (hasOther ? "h" : nil) && !stores.mixesAnswersWithLimits)
      let server = try #require(stores.cacheServer)
      #expect(server.isTLS && server.host == "own" && server.port == 1 && server.database == 3)
      #expect(server.user == "u" && server.timeout == .milliseconds(7) && server.path == "stores.cache.redis")
    }
    let shared = try parse(cache("spread: writes"), environment: [:]).stores
    #expect(shared.cacheServer == shared.redis && shared.cacheServer?.host == "h" && !shared.mixesAnswersWithLimits)
    // Another database is on the same server.
    let same = "spread: writes, redis: { url: redis://h:6379/2 }" + tier
    #expect(try parse(cache(same), environment: ["S": Self.secret]).stores.mixesAnswersWithLimits)
  }

  @Test(
    arguments: [
      ("spread: writes, second_tier: redis, second_tier_secret: { env: S }", false, "second_tier", "stores.redis"),
      ("spread: purges, second_tier: redis, second_tier_secret: { env: S }", true, "second_tier", "spread: writes"),
      ("second_tier: redis, second_tier_secret: { env: S }", true, "second_tier", "spread: writes"),
      ("spread: writes, second_tier: redis", true, "second_tier", "second_tier_secret"),
      ("spread: writes, second_tier: redis, second_tier_secret: { env: SHORT }", true, "second_tier_secret", "urandom"),
      ("spread: writes, second_tier: redis, second_tier_secret: secret", true, "second_tier_secret", "{ file: path }"),
      ("second_tier_secret: { env: S }", true, "second_tier_secret", "second_tier: redis"),
      ("second_tier_max_object: 1MB", true, "second_tier_max_object", "second_tier: redis"),
      ("second_tier: off, second_tier_max_in_flight: 1", true, "second_tier_max_in_flight", "second_tier: redis"),
      ("second_tier_domain_rate: 1MB", true, "second_tier_domain_rate", "second_tier: redis"),
      (
        "spread: writes, second_tier: redis, second_tier_secret: { env: S }, second_tier_domain_rate: 25KB", true,
        "second_tier_domain_rate", "a tenth"
      ),
      (
        "spread: writes, second_tier: redis, second_tier_secret: { env: S }, second_tier_max_object: 8MB"
          + ", second_tier_domain_rate: 1B", true, "second_tier_domain_rate", "1KB"
      ),
      ("redis: { url: redis://h }", true, "redis", "spread: writes"),
      ("spread: writes, redis: { url: http://h }", true, "redis.url", "redis://host:6379"),
      ("spread: writes, redis: { url: redis://h, gateways: 2 }", true, "redis.gateways", "known keys"),
      ("second_tier: memory", true, "second_tier", "off, redis"),
      (
        "spread: writes, second_tier: redis, second_tier_secret: { env: S }, second_tier_max_object: 512B", true,
        "second_tier_max_object", "1KB"
      ),
      (
        "spread: writes, second_tier: redis, second_tier_secret: { env: S }, second_tier_max_in_flight: 0", true,
        "second_tier_max_in_flight", "10000"
      ),
    ] as [(String, Bool, String, String)])
  func mistakes(settings: String, redis: Bool, key: String, hint: String) {
    let environment = ["S": Self.secret, "SHORT": "short"]
    let found = issues(cache(settings, redis: redis), environment: environment).filter {
      $0.path == "stores.cache.\(key)"
    }
    #expect(found.count == 1, "\(settings)")
    #expect(found.first.map { "\($0)".contains(hint) && !"\($0)".contains(Self.secret) } == true, "\(found)")
  }
}
