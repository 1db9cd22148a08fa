import Crypto

/// A script that the server runs in one atomic step.
///
/// The numbers of Lua are doubles and exact only to 2^53, but nanoseconds since 1970 need 61 bits. So every time is a pair
/// of whole seconds and of nanoseconds below 10^9, and the sums and comparisons of pairs are exact: nothing is rounded.
/// (The server's clock counts in microseconds; that is how finely it is known, not how finely it is reckoned with.)
struct LimitScript: Sendable {
  let source: String
  /// What the server calls the script: its SHA-1.
  let digest: String

  private init(_ body: String) {
    source = Self.common + body
    digest = Insecure.SHA1.hash(data: Array(source.utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  // KEYS[1]          the caller
  // ARGV[1], ARGV[2] what the request costs (cost times interval), seconds and nanoseconds
  // ARGV[3], ARGV[4] the tolerance
  // ARGV[5], ARGV[6] the time, for tests; the server's own when missing
  //
  // The value is the theoretical arrival time. It expires when that has come, since nothing is lost with it then. A time
  // from outside says nothing about when the server may forget, so such keys stay an hour longer.
  private static let common = """
    local cost_s, cost_n = tonumber(ARGV[1]), tonumber(ARGV[2])
    local most_s, most_n = tonumber(ARGV[3]), tonumber(ARGV[4])
    local now_s, now_n = tonumber(ARGV[5]), tonumber(ARGV[6])
    local keep = 3600000
    if not now_s then
      local time = redis.call('TIME')
      now_s, now_n, keep = tonumber(time[1]), tonumber(time[2]) * 1000, 1
    end
    local function add(s1, n1, s2, n2)
      local s, n = s1 + s2, n1 + n2
      if n >= 1000000000 then return s + 1, n - 1000000000 end
      return s, n
    end
    local function subtract(s1, n1, s2, n2)
      local s, n = s1 - s2, n1 - n2
      if n < 0 then return s - 1, n + 1000000000 end
      return s, n
    end
    local function above(s1, n1, s2, n2)
      return s1 > s2 or (s1 == s2 and n1 > n2)
    end
    local left_s, left_n = 0, 0
    local kept = redis.call('GET', KEYS[1])
    if kept then
      local s, n = string.match(kept, '^(%d+) (%d+)$')
      if not s then return redis.error_reply('ERR the key holds no time') end
      left_s, left_n = subtract(tonumber(s), tonumber(n), now_s, now_n)
      if left_s < 0 then left_s, left_n = 0, 0 end
      if above(left_s, left_n, most_s, most_n) then left_s, left_n = most_s, most_n end
    end
    local function set(used_s, used_n)
      local s, n = add(now_s, now_n, used_s, used_n)
      local life = used_s * 1000 + math.ceil(used_n / 1000000) + keep
      redis.call('SET', KEYS[1], string.format('%.0f %.0f', s, n), 'PX', string.format('%.0f', life))
    end

    """

  /// Takes the cost when the tolerance allows it. Returns what of the tolerance was used before: seconds, nanoseconds.
  static let take = LimitScript(
    """
    local used_s, used_n = add(left_s, left_n, cost_s, cost_n)
    if (cost_s > 0 or cost_n > 0) and not above(used_s, used_n, most_s, most_n) then
      set(used_s, used_n)
    end
    return {left_s, left_n}
    """)

  /// Gives the cost back, as far as it is not back by itself. Returns what of the tolerance was used before.
  static let giveBack = LimitScript(
    """
    if kept then
      local used_s, used_n = subtract(left_s, left_n, cost_s, cost_n)
      if used_s < 0 or (used_s == 0 and used_n == 0) then
        redis.call('DEL', KEYS[1])
      else
        set(used_s, used_n)
      end
    end
    return {left_s, left_n}
    """)
}
