import GatewayKit
import NIOCore

/// The commands of the answers that gateways share.
enum AnswerCommand {
  /// When what is at each place was last changed, and under `e` and `t` the epoch and the time.
  static let places = "gatehouse:{cache}:places"
  private static let answers = "gatehouse:{cache}:answer:"

  /// Gives the epoch, the time, and the answer when nothing that it is about was changed since its own time. The answer's
  /// head says what that is: `epoch time place place...`. A server that has no places (any more) begins an epoch, and so
  /// gives nothing of an earlier one.
  private static let finding = """
    local answer = redis.call('GET', KEYS[1])
    local fields = {'e', 't', 'a'}
    local epoch, time
    if answer then
      for number in string.gmatch(string.match(answer, '^[%d ]*'), '%d+') do
        if not epoch then epoch = number
        elseif not time then time = tonumber(number)
        else fields[#fields + 1] = number end
      end
    end
    local found = redis.call('HMGET', KEYS[2], unpack(fields))
    if not found[1] or not found[2] then
      local now = redis.call('TIME')
      found[1] = ARGV[1]
      found[2] = found[2] or string.format('%.0f', now[1] * 1000000 + now[2])
      redis.call('HSET', KEYS[2], 'e', found[1], 't', found[2])
    end
    if answer then
      local newest = 0
      for index = 3, #fields do newest = math.max(newest, tonumber(found[index] or 0)) end
      if epoch ~= found[1] or not time or time < newest or time > tonumber(found[2]) then answer = false end
    end
    return {found[1], found[2], answer}
    """

  /// - Parameter epoch: taken when one begins: chosen by chance each time.
  static func find(_ name: [UInt8], epoch: UInt64) -> RESPCommand {
    RESPCommand([word("EVAL"), word(finding), word("2"), key(name), word(places), word("\(epoch)")])
  }

  /// - Parameter lifetime: in milliseconds.
  static func keep(_ answer: ByteBuffer, as name: [UInt8], for lifetime: Int64) -> RESPCommand {
    RESPCommand([word("SET"), key(name), answer, word("PX"), word("\(lifetime)")])
  }

  private static func word(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  private static func key(_ name: [UInt8]) -> ByteBuffer {
    var key = word(answers)
    key.writeBytes(name)
    return key
  }
}
