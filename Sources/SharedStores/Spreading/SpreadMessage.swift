import GatewayKit
import NIOCore

/// What goes over the channel: its number, the names of the message before it and of itself, and the change, with blanks
/// between. A name is its sender's and one by chance, with a stop between.
struct SpreadMessage: Equatable {
  let number: Int64
  let previous: String
  let name: String
  /// Nil for what this gateway does not understand, such as another version's: then everything is worthless.
  let change: CacheChange?

  /// Nil for what is no message at all.
  init?(_ payload: ByteBuffer) {
    let parts = payload.readableBytesView.split(
      separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let number = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
    self.number = number
    previous = String(decoding: parts[1], as: UTF8.self)
    name = String(decoding: parts[2], as: UTF8.self)
    change = try? CacheChange(parts[3])
  }

  static func name(from sender: String) -> String { "\(sender).\(String(UInt64.random(in: .min ... .max), radix: 36))" }

  func isFrom(_ sender: String) -> Bool { name.hasPrefix("\(sender).") }
}

/// What makes the answers on the server worthless that a change is about.
struct SpreadMark {
  /// The key of the places.
  let places: String
  /// The place of what is changed.
  let place: String
}

/// The commands that gateways spread changes with.
enum SpreadCommand {
  static let channel = "gatehouse:cache"
  /// The key of the number of the last change.
  static let counter = "gatehouse:{cache}:count"
  /// The key of the name of the last change's message.
  static let last = "gatehouse:{cache}:last"

  /// Numbers begin anywhere, so that a server that has lost them does not repeat old ones; they stay whole in a script's
  /// arithmetic.
  private static let numbering = """
    local begins = redis.call('SET', KEYS[1], ARGV[1], 'NX')
    local number = redis.call('INCR', KEYS[1])

    """

  /// Has numbers begin anew, above one that they are behind.
  private static let restarting = """
    local begins, number = false, redis.call('GET', KEYS[1])
    if not number or tonumber(number) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
    number = redis.call('INCR', KEYS[1])

    """

  /// Makes the answers on the server worthless that are about a place, before anybody is told. The time is that of the
  /// server's clock, but always later than the one before. What others have changed and not marked stays unmarked, unless
  /// the place is that of everything.
  private static let marking = """
    local now = redis.call('TIME')
    local time = now[1] * 1000000 + now[2]
    local known = redis.call('HMGET', KEYS[3], 't', 'n')
    if time <= tonumber(known[1] or 0) then time = tonumber(known[1]) + 1 end
    time = string.format('%.0f', time)
    redis.call('HSET', KEYS[3], 't', time, ARGV[5], time)
    local marked = tonumber(known[2] or 0)
    if ARGV[5] == 'a' or marked == number - 1 or begins and marked == 0 then
      redis.call('HSET', KEYS[3], 'n', string.format('%.0f', number))
    end

    """

  /// Publishes the change with its number, in one step with all the others.
  private static let telling = """
    local previous = redis.call('GET', KEYS[2]) or '-'
    redis.call('SET', KEYS[2], ARGV[3])
    number = string.format('%.0f', number)
    redis.call('PUBLISH', ARGV[2], number .. ' ' .. previous .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
    return 1
    """

  private static let counting = """
    redis.call('SET', KEYS[1], ARGV[1], 'NX')
    return {tonumber(redis.call('GET', KEYS[1])), redis.call('GET', KEYS[2]) or '-'}
    """

  /// Numbers that nobody knows yet begin at random above the given one, not far enough to ever be at the end of them.
  ///
  /// - Parameter mark: of everything; nil when there are no answers on the server.
  static func restart(above number: Int64, from sender: String, _ mark: SpreadMark?) -> RESPCommand {
    let start = min(number, 1 << 52) &+ Int64.random(in: 1 << 20...1 << 40)
    return command(restarting, String(start), CacheChange.purge(CachePurge(.all)).text, from: sender, mark)
  }

  /// - Parameter mark: of what is changed; nil when there are no answers on the server.
  static func publish(_ text: String, from sender: String, _ mark: SpreadMark?) -> RESPCommand {
    command(numbering, first, text, from: sender, mark)
  }

  private static func command(
    _ numbering: String, _ first: String, _ text: String, from sender: String, _ mark: SpreadMark?
  ) -> RESPCommand {
    let arguments = [first, channel, SpreadMessage.name(from: sender), text]
    guard let mark else { return RESPCommand(["EVAL", numbering + telling, "2", counter, last] + arguments) }
    return RESPCommand(
      ["EVAL", numbering + marking + telling, "3", counter, last, mark.places] + arguments + [mark.place])
  }

  /// Asks for the number of the last change, and the name of its message.
  static var count: RESPCommand { RESPCommand(["EVAL", counting, "2", counter, last, first]) }

  static var subscribe: RESPCommand { RESPCommand(["SUBSCRIBE", channel]) }
  static var ping: RESPCommand { RESPCommand(["PING"]) }

  private static var first: String { String(Int64.random(in: 1...1 << 50)) }
}
