import GatewayKit
import NIOCore

/// The commands of the answers that gateways share.
///
/// The places, a hash, hold when what is at each was last changed, and beside them the epoch (`e`), the time (`t`), the
/// number of the last change that was marked (`n`) and which run of the server the epoch is of (`r`).
struct AnswerCommand {
  private static let answers = "gatehouse:{cache}:answer:"

  /// The key of the places.
  let places: String
  /// The largest answer that is taken, in bytes.
  let largest: Int

  /// Gives the epoch, the time, and the answer when nothing that it is about was changed since its own time. The answer's
  /// head says what that is: `epoch time place place...`.
  ///
  /// What is not known to be marked makes everything worthless: another epoch begins when there are no places (any more),
  /// when there were changes that nobody has marked, by a gateway that shares no answers or has another secret, and when the
  /// server is another one or was started anew, since it may have lost some.
  private static let finding = """
    local known = redis.call('HMGET', KEYS[2], 'e', 't', 'n', 'r')
    local epoch, newest, marked, run = known[1], known[2], known[3], known[4]
    local last = redis.call('GET', KEYS[3]) or '0'
    local here = run
    if ARGV[3] == '1' then here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '' end
    if not epoch or not newest or marked ~= last or run ~= here then
      local now = redis.call('TIME')
      epoch, marked = ARGV[1], last
      newest = newest or string.format('%.0f', now[1] * 1000000 + now[2])
      redis.call('HSET', KEYS[2], 'e', epoch, 't', newest, 'n', marked, 'r', here or '')
    end
    if redis.call('STRLEN', KEYS[1]) > tonumber(ARGV[2]) then return {epoch, newest, false} end
    local answer = redis.call('GET', KEYS[1])
    if not answer then return {epoch, newest, false} end
    local own, time
    local fields = {'a'}
    for number in string.gmatch(string.match(answer, '^[%d ]*'), '%d+') do
      if not own then own = number
      elseif not time then time = tonumber(number)
      else fields[#fields + 1] = number end
    end
    if own ~= epoch or not time or time > tonumber(newest) then return {epoch, newest, false} end
    for _, changed in ipairs(redis.call('HMGET', KEYS[2], unpack(fields))) do
      if changed and time < tonumber(changed) then return {epoch, newest, false} end
    end
    return {epoch, newest, answer}
    """

  /// - Parameters:
  ///   - epoch: taken when one begins: chosen by chance each time.
  ///   - isFirst: whether it is the first question of a connection, which may be to another server than the last.
  func find(_ name: [UInt8], epoch: UInt64, isFirst: Bool) -> RESPCommand {
    RESPCommand(
      [
        Self.word("EVAL"), Self.word(Self.finding), Self.word("3"), Self.key(name), Self.word(places),
        Self.word(SpreadCommand.counter), Self.word("\(epoch)"), Self.word("\(largest)"),
        Self.word(isFirst ? "1" : "0"),
      ])
  }

  /// - Parameter lifetime: in milliseconds.
  func keep(_ answer: ByteBuffer, as name: [UInt8], for lifetime: Int64) -> RESPCommand {
    RESPCommand([Self.word("SET"), Self.key(name), answer, Self.word("PX"), Self.word("\(lifetime)")])
  }

  func drop(_ name: [UInt8]) -> RESPCommand { RESPCommand([Self.word("UNLINK"), Self.key(name)]) }

  private static func word(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  private static func key(_ name: [UInt8]) -> ByteBuffer {
    var key = word(answers)
    key.writeBytes(name)
    return key
  }
}
