import GatewayKit
import NIOCore

/// What goes over the channel: its number, who sends it, and the change, with blanks between.
struct SpreadMessage: Equatable {
  let number: Int64
  let sender: String
  /// Nil for what this gateway does not understand, such as another version's: then everything is worthless.
  let change: CacheChange?

  /// Nil for what is no message at all.
  init?(_ payload: ByteBuffer) {
    let parts = payload.readableBytesView.split(
      separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let number = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
    self.number = number
    sender = String(decoding: parts[1], as: UTF8.self)
    change = try? CacheChange(parts[2])
  }
}

/// The commands that gateways spread changes with.
enum SpreadCommand {
  static let channel = "gatehouse:cache"
  private static let counter = "gatehouse:{cache}:count"

  /// Numbers a change and publishes it, in one step. Numbers begin anywhere, so that a server that has lost them does not
  /// repeat old ones; they stay whole in a script's arithmetic.
  private static let publishing = """
    redis.call('SET', KEYS[1], ARGV[1], 'NX')
    local number = redis.call('INCR', KEYS[1])
    redis.call('PUBLISH', ARGV[2], string.format('%.0f', number) .. ' ' .. ARGV[3])
    return number
    """
  private static let counting = "redis.call('SET', KEYS[1], ARGV[1], 'NX') return tonumber(redis.call('GET', KEYS[1]))"

  /// Has numbers begin anew, above one that they are behind, and publishes that everything is to be dropped.
  private static let restarting = """
    local number = redis.call('GET', KEYS[1])
    if not number or tonumber(number) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
    number = redis.call('INCR', KEYS[1])
    redis.call('PUBLISH', ARGV[2], string.format('%.0f', number) .. ' ' .. ARGV[3])
    return number
    """

  /// Numbers that nobody knows yet begin at random above the given one, not far enough to ever be at the end of them.
  static func restart(above number: Int64, from sender: String) -> RESPCommand {
    let start = min(number, 1 << 52) &+ Int64.random(in: 1 << 20...1 << 40)
    let text = CacheChange.purge(CachePurge(.all)).text
    return RESPCommand(["EVAL", restarting, "1", counter, String(start), channel, "\(sender) \(text)"])
  }

  static func publish(_ text: String, from sender: String) -> RESPCommand {
    RESPCommand(["EVAL", publishing, "1", counter, first, channel, "\(sender) \(text)"])
  }

  /// Asks for the number of the last change.
  static var count: RESPCommand { RESPCommand(["EVAL", counting, "1", counter, first]) }

  static var subscribe: RESPCommand { RESPCommand(["SUBSCRIBE", channel]) }
  static var ping: RESPCommand { RESPCommand(["PING"]) }

  private static var first: String { String(Int64.random(in: 1...1 << 50)) }
}
