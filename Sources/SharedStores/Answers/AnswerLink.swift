import GatewayKit
import Logging
import NIOCore

/// One loop's look-ups and writes of shared answers. Bound to its loop. Nobody waits for a connection: while there is none,
/// there is no answer either.
final class AnswerLink: SharedAnswersAccess {
  private enum Entry {
    case find((SharedAnswerFound) -> Void)
    case keep(bytes: Int)
    case drop
  }

  let link: RedisLink
  private let context: LoopContext
  private let commands: AnswerCommand
  private let maxInFlight: Int
  private let timeout: Int64
  /// What was sent and has not been answered, oldest first.
  private var entries = CircularBuffer<(entry: Entry, deadline: Int64)>()
  private var finding = 0
  /// Bytes of answers that are to be kept and are on their way.
  private var keeping = 0
  private var hasLoggedError = false
  private(set) var time: SharedAnswerTime?
  /// When the server was last heard: while it says something it is there.
  private var heard: Int64 = 0

  /// Bytes of answers that may be on their way to be kept; a larger one is alone.
  private static let mostKeeping = 2 << 20
  /// What a byte on its way may take, in nanoseconds: as many as 10 MB/s let through.
  private static let byteTime: Int64 = 100
  /// Scripts reckon with whole numbers up to this.
  private static let largestEpoch: UInt64 = 1 << 53 - 1

  init(_ link: RedisLink, _ commands: AnswerCommand, maxInFlight: Int, context: LoopContext) {
    self.link = link
    self.commands = commands
    self.maxInFlight = maxInFlight
    self.context = context
    timeout = link.settings.timeout.limit
    link.user = self
  }

  func isReady() -> Bool { link.ask() == .send && finding < maxInFlight }

  func find(_ name: [UInt8], then: @escaping (SharedAnswerFound) -> Void) -> Bool {
    guard isReady() else { return false }
    find(name, isFirst: false, then)
    return true
  }

  private func find(_ name: [UInt8], isFirst: Bool, _ then: @escaping (SharedAnswerFound) -> Void) {
    finding += 1
    send(commands.find(name, epoch: context.random() & Self.largestEpoch, isFirst: isFirst), .find(then))
  }

  func hasRoom(for bytes: Int) -> Bool {
    link.isReady && bytes <= commands.largest && entries.count - finding < maxInFlight
      && (keeping == 0 || keeping + bytes <= Self.mostKeeping)
  }

  func keep(_ answer: ByteBuffer, as name: [UInt8], for lifetime: Int64, orLonger: Bool) -> Bool {
    let bytes = answer.readableBytes
    guard lifetime > 0, hasRoom(for: bytes) else { return false }
    keeping += bytes
    let command = commands.keep(answer, as: name, for: max(1, lifetime / 1_000_000), orLonger: orLonger)
    send(command, .keep(bytes: bytes))
    return true
  }

  func drop(_ name: [UInt8]) -> Bool {
    guard link.isReady, entries.count - finding < 2 * maxInFlight else { return false }
    send(commands.drop(name), .drop)
    return true
  }

  func shutdown() { link.shutdown() }

  private func send(_ command: RESPCommand, _ entry: Entry) {
    link.flushSoon()
    command.write(into: &link.output)
    let deadline = link.turnTime &+ timeout &+ Int64(keeping) &* Self.byteTime
    entries.append((entry, deadline))
    link.arm(deadline)
  }
}

// MARK: - The link

extension AnswerLink: RedisLinkUser {
  var nextDeadline: Int64? { entries.first.map { max($0.deadline, heard &+ timeout) } }

  func linkReady() {
    hasLoggedError = false
    // Nothing has this name: it is for the epoch and the time, so that the next answer that is fetched can be kept.
    find([], isFirst: true) { _ in }
  }

  func linkEnds() {}

  func linkReceived(_ input: inout ByteBuffer) throws(RedisError) {
    heard = RedisLink.time()
    while let reply = try RedisError.reply(&input, longestBulk: max(commands.largest, RESPParser.longestBulk)) {
      guard let (entry, _) = entries.popFirst() else { throw .unexpectedReply }
      switch entry {
      case .find(let then):
        finding -= 1
        let found = found(reply)
        then(found ?? .failed)
        if found == nil { try refused(reply) }
      case .keep(let bytes):
        keeping -= bytes
        if reply != .simple("OK") { try refused(reply) }
      case .drop: if case .integer = reply {} else { try refused(reply) }
      }
    }
  }

  func linkLost(_ failure: LimitFailure) {
    var lost = CircularBuffer<(entry: Entry, deadline: Int64)>()
    swap(&lost, &entries)
    (finding, keeping, time) = (0, 0, nil)
    for (entry, _) in lost { if case .find(let then) = entry { then(.failed) } }
  }

  /// Nil for what is no answer of the script's.
  private func found(_ reply: RESPValue) -> SharedAnswerFound? {
    guard case .array(let parts) = reply, parts.count == 3, case .bulk(let epoch) = parts[0],
      case .bulk(let last) = parts[1], let epoch = UInt64(String(buffer: epoch)),
      let last = UInt64(String(buffer: last))
    else { return nil }
    time = SharedAnswerTime(epoch: epoch, time: last)
    switch parts[2] {
    case .bulk(let answer): return .answer(answer)
    case .null: return .nothing
    default: return nil
    }
  }

  private func refused(_ reply: RESPValue) throws(RedisError) {
    guard case .error(let text) = reply else { throw .unexpectedReply }
    if RedisError.isOfServer(text) { throw .failed(text) }
    guard !hasLoggedError else { return }
    hasLoggedError = true
    link.logger.warning(
      "the store of shared answers answers with an error",
      metadata: link.place.merging(["error": "\(text.prefix(200))"]) { $1 })
  }
}
