import GatewayKit
import NIOCore

/// Listens to what other gateways have changed, and knows when it may have missed something. Bound to its loop.
final class SpreadSubscriber: RedisLinkUser {
  /// What it tells.
  struct Events {
    let changed: (CacheChange) -> Void
    /// Something may have been missed.
    let missed: () -> Void
    /// The server has lost its count, and goes on behind this number.
    let wentBack: (Int64) -> Void
    /// The server is to be asked for the number of the last change.
    let wantsCount: () -> Void
    let isListening: (Bool) -> Void
  }

  /// How often the server is asked whether it is there, in nanoseconds.
  private static let interval: Int64 = 2_000_000_000

  private let link: RedisLink
  private let sender: String
  private let events: Events
  private var sequence = SpreadSequence()
  /// Answers to pings that have not come, with whether everything before the number of the last change came with them.
  private var pings = CircularBuffer<(settles: Bool, deadline: Int64)>()
  private var subscribing: Int64?
  private var heartbeat: Scheduled<Void>?

  init(_ link: RedisLink, sender: String, events: Events) {
    self.link = link
    self.sender = sender
    self.events = events
    link.user = self
    _ = link.ask()
  }

  var nextDeadline: Int64? { subscribing ?? pings.first?.deadline }

  func linkReady() {
    pings.removeAll()
    subscribing = send(SpreadCommand.subscribe)
  }

  func linkEnds() {}

  func linkLost(_ failure: LimitFailure) {
    pings.removeAll()
    subscribing = nil
    heartbeat?.cancel()
    heartbeat = nil
    events.isListening(false)
  }

  /// The server's number of the last change is known.
  func counted(_ number: Int64, _ name: String) {
    guard link.isReady, subscribing == nil else { return }
    sequence.told(number, name)
    ping(settles: true)
  }

  func shutdown() { link.shutdown() }

  /// Returns when its answer must be there.
  private func send(_ command: RESPCommand) -> Int64 {
    link.flushSoon()
    var bytes = command.bytes
    link.output.writeBuffer(&bytes)
    let deadline = link.turnTime &+ link.settings.timeout.limit
    link.arm(deadline)
    return deadline
  }

  private func ping(settles: Bool) {
    let deadline = send(SpreadCommand.ping)
    pings.append((settles, deadline))
  }

  private func startHeartbeat() {
    heartbeat?.cancel()
    heartbeat = link.loop.assumeIsolated().scheduleTask(in: .nanoseconds(Self.interval)) { [weak self] () -> Void in
      guard let self, link.isReady else { return }
      if pings.isEmpty { ping(settles: false) }
      startHeartbeat()
    }
  }
}

// MARK: - What the server says

extension SpreadSubscriber {
  func linkReceived(_ input: inout ByteBuffer) throws(RedisError) {
    while let reply = try RedisError.reply(&input) {
      switch reply {
      case .array(let parts): try push(parts)
      case .error(let text): throw .failed(text)
      default: throw .unexpectedReply
      }
    }
  }

  private func push(_ parts: [RESPValue]) throws(RedisError) {
    guard case .bulk(let kind)? = parts.first else { throw .unexpectedReply }
    switch (String(buffer: kind), parts.last) {
    case ("subscribe", _): subscribed()
    case ("pong", _): try ponged()
    case ("message", .bulk(let payload)?): message(payload)
    default: throw .unexpectedReply
    }
  }

  private func subscribed() {
    subscribing = nil
    startHeartbeat()
    sequence.asks()
    events.wantsCount()
  }

  private func ponged() throws(RedisError) {
    guard let (settles, _) = pings.popFirst() else { throw .unexpectedReply }
    guard settles else { return }
    act(on: sequence.settles())
    events.isListening(true)
  }

  private func act(on finding: SpreadSequence.Finding) {
    switch finding {
    case .nothing: break
    case .missed: events.missed()
    case .wentBack(let number):
      events.missed()
      events.wentBack(number)
    }
  }

  private func message(_ payload: ByteBuffer) {
    guard let message = SpreadMessage(payload) else { return events.missed() }
    act(on: sequence.received(message.number, message.name, after: message.previous))
    guard !message.isFrom(sender) else { return }
    if let change = message.change { events.changed(change) } else { events.missed() }
  }
}
