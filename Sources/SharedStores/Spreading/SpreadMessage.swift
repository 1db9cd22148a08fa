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

  /// Makes the answers on the server worthless that are about a place, before anybody is told. The time is that of the
  /// server's clock, but always later than the one before.
  private static let marking = """
    local now = redis.call('TIME')
    local time = now[1] * 1000000 + now[2]
    local last = tonumber(redis.call('HGET', KEYS[2], 't') or 0)
    if time <= last then time = last + 1 end
    time = string.format('%.0f', time)
    redis.call('HSET', KEYS[2], 't', time, ARGV[4], time)

    """

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
  ///
  /// - Parameter place: of everything in the answers on the server; nil when there are none.
  static func restart(above number: Int64, from sender: String, place: String?) -> RESPCommand {
    let start = min(number, 1 << 52) &+ Int64.random(in: 1 << 20...1 << 40)
    let text = CacheChange.purge(CachePurge(.all)).text
    return command(restarting, [String(start), channel, "\(sender) \(text)"], place)
  }

  /// - Parameter place: of what is changed in the answers on the server; nil when there are none.
  static func publish(_ text: String, from sender: String, place: String?) -> RESPCommand {
    command(publishing, [first, channel, "\(sender) \(text)"], place)
  }

  private static func command(_ script: String, _ arguments: [String], _ place: String?) -> RESPCommand {
    guard let place else { return RESPCommand(["EVAL", script, "1", counter] + arguments) }
    return RESPCommand(["EVAL", marking + script, "2", counter, AnswerCommand.places] + arguments + [place])
  }

  /// Asks for the number of the last change.
  static var count: RESPCommand { RESPCommand(["EVAL", counting, "1", counter, first]) }

  static var subscribe: RESPCommand { RESPCommand(["SUBSCRIBE", channel]) }
  static var ping: RESPCommand { RESPCommand(["PING"]) }

  private static var first: String { String(Int64.random(in: 1...1 << 50)) }
}
