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
    #expect(try parse(cache("second_tier: off"), environment: [:]).stores.secondTier == nil)
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
