import GatewayKit

extension ConfigurationBuilder {
  /// What one answer of a shared store may take: a request waits for it.
  private static let answer: ClosedRange<Duration> = .milliseconds(1)...(.seconds(10))

  func readStores(_ reader: SettingsReader) -> StoresConfiguration {
    var stores = StoresConfiguration()
    guard let section = reader.mapping("stores") else { return stores }
    if let memory = section.mapping("memory") {
      stores.memory = readMemory(memory)
      memory.finish()
    }
    if let cache = section.mapping("cache") {
      stores.cache = readCache(cache)
      stores.spread = readSpread(cache, hasServer: section.has("redis"))
      stores.secondTier = readSecondTier(cache, hasServer: section.has("redis"), stores.spread)
      cache.finish()
    }
    if let redis = section.mapping("redis") {
      stores.redis = readRedis(redis)
      redis.finish()
    }
    section.finish()
    return stores
  }

  private func readSpread(_ section: SettingsReader, hasServer: Bool) -> CacheSpread {
    let spread: CacheSpread = section.choice("spread", default: .off)
    if spread != .off, !hasServer {
      section.fail("spread", "needs a Redis server", hint: "add stores.redis, or write off")
    }
    return spread
  }

  private enum SecondTier: String, CaseIterable {
    case off, redis
  }

  /// A store of answers that gateways share. Each must know what the others make worthless.
  private func readSecondTier(
    _ section: SettingsReader, hasServer: Bool, _ spread: CacheSpread
  ) -> SecondTierConfiguration? {
    let tier: SecondTier = section.choice("second_tier", default: .off)
    let secret = section.secret("second_tier_secret")
    let maxObject = section.optionalSize("second_tier_max_object", in: 1024...(8 << 20))
    let maxInFlight = section.optionalInt("second_tier_max_in_flight", in: 1...10_000)
    guard tier == .redis else {
      for key in Self.secondTierKeys where section.has(key) {
        section.fail(key, "has no meaning without a second tier", hint: "write second_tier: redis, or remove it")
      }
      return nil
    }
    if !hasServer {
      section.fail("second_tier", "needs a Redis server", hint: "add stores.redis, or write off")
    } else if spread != .writes {
      section.fail(
        "second_tier", "needs gateways that tell each other what is worthless", hint: "write spread: writes as well")
    }
    guard section.has("second_tier_secret") else {
      section.fail(
        "second_tier", "needs a secret, the same for all gateways",
        hint: "add second_tier_secret: { file: path } or { env: NAME }")
      return nil
    }
    guard let secret else { return nil }
    if secret.bytes.count < Self.shortestSecret {
      section.fail(
        "second_tier_secret", "is shorter than \(Self.shortestSecret) bytes",
        hint: "make one by chance, such as by: head -c 32 /dev/urandom | base64")
    }
    var configuration = SecondTierConfiguration(secret: secret)
    configuration.maxObject = maxObject ?? configuration.maxObject
    configuration.maxInFlight = maxInFlight ?? configuration.maxInFlight
    return configuration
  }

  private static let secondTierKeys = ["second_tier_secret", "second_tier_max_object", "second_tier_max_in_flight"]
  /// Whoever reads the server can try secrets out.
  private static let shortestSecret = 32

  private func readMemory(_ section: SettingsReader) -> MemoryStoreConfiguration {
    var memory = MemoryStoreConfiguration()
    memory.entries = section.optionalInt("entries", in: 1024...100_000_000) ?? memory.entries
    memory.size = section.optionalSize("size", in: (1 << 20)...(1 << 40)) ?? memory.size
    return memory
  }

  private func readCache(_ section: SettingsReader) -> CacheBounds {
    var bounds = CacheBounds()
    bounds.size = section.optionalSize("size", in: (1 << 20)...(1 << 40)) ?? bounds.size
    bounds.domain = section.percent("domain", default: bounds.domain, in: 1...100)
    return bounds
  }

  private func readRedis(_ section: SettingsReader) -> RedisConfiguration? {
    let text = section.requiredString("url")
    let user = section.optionalString("user")
    let password = section.secret("password")
    let authority = section.path("ca")
    let connectTimeout = section.optionalDuration("connect_timeout", in: Self.answer)
    let timeout = section.optionalDuration("timeout", in: Self.answer)
    let maxInFlight = section.optionalInt("max_in_flight", in: 1...100_000)
    let gateways = section.optionalInt("gateways", in: 1...10_000)
    if user != nil, !section.has("password") {
      section.fail("user", "has no password", hint: "add password: { env: NAME } or { file: path }")
    }
    guard let address = readRedisAddress(section, text) else { return nil }
    if authority != nil, !address.isTLS {
      section.fail("ca", "has no meaning without TLS", hint: "write rediss:// in `url`, or remove `ca`")
    }
    var redis = RedisConfiguration(
      isTLS: address.isTLS, host: address.host, port: address.port, database: address.database, user: user,
      password: password, position: section.position)
    redis.authority = authority
    redis.connectTimeout = connectTimeout ?? redis.connectTimeout
    redis.timeout = timeout ?? redis.timeout
    redis.maxInFlight = maxInFlight ?? redis.maxInFlight
    redis.gateways = gateways ?? redis.gateways
    return redis
  }

  private func readRedisAddress(_ section: SettingsReader, _ text: String) -> RedisAddress? {
    guard !text.isEmpty else { return nil }
    if let address = RedisAddress(text) { return address }
    // Not the text: a URL could carry a password.
    section.fail(
      "url", "is no address of a Redis server",
      hint: "write redis://host:6379, or rediss:// for TLS, with /2 for database 2; the password goes under `password`")
    return nil
  }
}

/// `redis://host[:port][/database]`.
struct RedisAddress {
  let isTLS: Bool
  let host: String
  let port: Int
  let database: Int

  init?(_ text: String) {
    let scheme = text.hasPrefix("rediss://") ? "rediss://" : "redis://"
    guard text.hasPrefix(scheme) else { return nil }
    let parts = text.dropFirst(scheme.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let (host, port) = AddressParser.hostAndPort(String(first)), port != 0 else {
      return nil
    }
    let number = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "0"
    guard let database = ValueParser.integer(number), (0...65_535).contains(database) else { return nil }
    isTLS = scheme == "rediss://"
    self.host = host
    self.port = port ?? 6379
    self.database = database
  }
}
