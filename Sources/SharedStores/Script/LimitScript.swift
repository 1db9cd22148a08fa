import Crypto

/// The script that the server runs for every request: all claims of it in one atomic step.
///
/// The numbers of Lua are doubles and exact only to 2^53, but nanoseconds since 1970 need 61 bits. So every time is a pair
/// of whole seconds and of nanoseconds below 10^9, and the sums and comparisons of pairs are exact: nothing is rounded.
/// (The server's clock counts in microseconds; that is how finely it is known, not how finely it is reckoned with.)
///
/// ```
/// KEYS[i]      the caller of claim i
/// ARGV[1]      what is to be done (1 take, 2 adjust, 3 hold), the number of gateways and, for tests, the times: monotonic
///              and wall, each as a pair; the server's own when they are missing
/// ARGV[2]      who holds units of limits on units at a time
/// ARGV[i + 2]  the numbers of claim i, as the parts of the script for its kind say
/// ```
///
/// A take is answered with six numbers for each claim: what is used, two times that its kind says, and how many units were
/// granted in advance. Whether it was admitted follows from them by the rules that the script judges by, so it is not said.
/// A take that costs nothing passes; it can still be given units in advance. All else is answered with the number 0.
package enum LimitScript {
  /// What is to be done.
  enum Operation: Int64 {
    case take = 1
    case adjust = 2
    case hold = 3
  }

  /// The numbers of one claim's part of an answer.
  static let numbersOfClaim = 6
  /// For how long units of a limit on units at a time are held when their holder says nothing more, in seconds.
  package static let life: Int64 = 30

  static let source = common + rate + sliding + calendar + concurrent + main

  /// What the server calls the script: its SHA-1.
  static let digest = Insecure.SHA1.hash(data: Array(source.utf8)).map { byte in
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }.joined()

  /// Times and numbers. A time that was passed in says nothing about when the server may forget, so such keys are kept an
  /// hour longer.
  private static let common = """
    local function numbers(text)
      local found = {}
      for word in string.gmatch(text, '%-?%d+') do found[#found + 1] = tonumber(word) end
      return found
    end
    local head, holder = numbers(ARGV[1]), ARGV[2]
    local op, gateways = head[1], head[2]
    local now_s, now_n, wall_s, wall_n, keep = head[3], head[4], head[5], head[6], 3600000
    if not now_s then
      local time = redis.call('TIME')
      now_s, now_n, keep = tonumber(time[1]), tonumber(time[2]) * 1000, 1
      wall_s, wall_n = now_s, now_n
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
    local function above(s1, n1, s2, n2) return s1 > s2 or (s1 == s2 and n1 > n2) end
    local function milliseconds(s, n) return s * 1000 + math.ceil(n / 1000000) end
    local function share(wanted, left) return math.max(0, math.min(wanted, math.floor(left / gateways))) end
    local judge, take, adjust = {}, {}, {}

    """

  /// Claim by claim: judged first; taken when no claim refuses that is no shadow (whose flags are odd).
  private static let main = """
    local claims, passes, reply = {}, true, {}
    for i = 1, #KEYS do
      claims[i] = numbers(ARGV[i + 2])
      if op == 2 then adjust[claims[i][1]](KEYS[i], claims[i]) end
      if op == 3 then hold(KEYS[i], claims[i]) end
    end
    if op ~= 1 then return 0 end
    for i, c in ipairs(claims) do
      c.fits = judge[c[1]](KEYS[i], c)
      if not c.fits and c[2] % 2 == 0 then passes = false end
    end
    for i, c in ipairs(claims) do
      local granted = 0
      if passes and c.fits and c[3] + c[4] > 0 then granted = take[c[1]](KEYS[i], c) end
      for j = 1, 5 do reply[#reply + 1] = c.reply[j] end
      reply[#reply + 1] = granted
    end
    return reply
    """
}
