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

/// A change that is to be told.
struct SpreadNews {
  /// The change.
  var text: String
  /// The place of what it makes worthless in the answers on the server; nil when there are none.
  var place: String?
  /// Its number among this gateway's changes.
  var number: UInt64 = 0
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

  static func publish(_ news: SpreadNews, from sender: String) -> RESPCommand {
    let message = "\(sender) \(news.text)"
    guard let place = news.place else {
      return RESPCommand(["EVAL", publishing, "1", counter, first, channel, message])
    }
    return RESPCommand(
      ["EVAL", marking + publishing, "2", counter, AnswerCommand.places, first, channel, message, place])
  }

  /// Asks for the number of the last change.
  static var count: RESPCommand { RESPCommand(["EVAL", counting, "1", counter, first]) }

  static var subscribe: RESPCommand { RESPCommand(["SUBSCRIBE", channel]) }
  static var ping: RESPCommand { RESPCommand(["PING"]) }

  private static var first: String { String(Int64.random(in: 1...1 << 50)) }
}
