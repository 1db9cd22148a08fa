public import HTTPWire
import NIOCore

/// One request and its response on their way through the gateway. Bound to its loop; not `Sendable`.
///
/// The object is reused for the next exchange of its connection: a filter must not keep it beyond ``ObserveFilter/observe(_:)``.
public final class Exchange {
  /// The loop's clock, randomness and the like.
  public let loop: LoopContext

  /// The request's head: what was read, less what filters removed.
  @exclusivity(unchecked) public package(set) var request = RequestHead()
  /// The head of the origin's response; empty until it arrives and for the gateway's own answers.
  @exclusivity(unchecked) public package(set) var response = ResponseHead()
  /// The gateway's own answer, once there is one.
  @exclusivity(unchecked) public package(set) var replyInProgress: Reply?

  /// Fields to add to the request on its way to the origin.
  @exclusivity(unchecked) public var requestAdditions = FieldAdditions()
  /// Fields to add to the response; fields of the same known names are dropped from the origin's.
  @exclusivity(unchecked) public var responseAdditions = FieldAdditions()

  /// Names whose fields a client may not say of itself: they never reach the origin, see ``withhold(_:)``.
  @exclusivity(unchecked) public private(set) var withheld: [FieldNameLetters] = []

  /// The tenant; nil until it is known.
  @exclusivity(unchecked) public package(set) var domain: DomainFacts?
  /// The route; nil until it is known.
  @exclusivity(unchecked) public package(set) var route: RouteFacts?
  /// The operation of the API that the request asks for, when a filter has found it.
  @exclusivity(unchecked) public var operation: OperationCatalog.Operation?
  /// Who asks; nil until a filter of the identity phase sets it.
  @exclusivity(unchecked) public var identity: Identity?
  /// The identity's scopes as the domain's catalogue sees them; nil when no filter judged scopes.
  @exclusivity(unchecked) public var effectiveScopes: EffectiveScopes?
  /// Why a filter in shadow mode would have refused the request; nil when none would have.
  @exclusivity(unchecked) public var shadowReason: ReasonCode?
  /// What held in place of a shared store of limits that could not tell: `open`, `local`, `closed`; nil when all could.
  @exclusivity(unchecked) public var limitMode: StaticString?
  /// How a cache took part, as the log shows it: `hit`, `shared`, `collapsed`, `revalidated`,
  /// `stale`, `miss`, `bypass`; nil when none did.
  @exclusivity(unchecked) public var cacheResult: StaticString?

  /// The address of the peer that the connection came from, as text without the port. It may be a proxy's: see
  /// ``clientAddress``.
  @exclusivity(unchecked) public package(set) var peerAddress: String
  /// The same as a number; nil for a text that is no address.
  @exclusivity(unchecked) public private(set) var peerIP: IPAddress?
  /// The address of the client, as text without the port: the peer's, or what a trusted proxy says in `X-Forwarded-For`.
  /// What is counted or logged by who calls goes by this one.
  @exclusivity(unchecked) public private(set) var clientAddress: String
  /// The same as a number, for keys: nothing is parsed when it is asked for.
  @exclusivity(unchecked) public private(set) var clientIP: IPAddress?
  /// Whether the connection is TLS.
  @exclusivity(unchecked) public package(set) var isSecure: Bool
  /// Whether the client came over TLS: what ``isSecure`` says, or what a trusted proxy says in `X-Forwarded-Proto`.
  @exclusivity(unchecked) public private(set) var isClientSecure: Bool
  /// Whether what is known of the client is not the connection's own.
  @exclusivity(unchecked) private var isForwarded = false

  /// Whether the origin is asked once more on the gateway's own account, see ``refreshInBackground()``.
  @exclusivity(unchecked) package private(set) var wantsRefresh = false
  /// Whether this is an exchange of the gateway's own, whose answer nobody gets.
  @exclusivity(unchecked) public private(set) var isDetached = false

  /// What became of the exchange.
  @exclusivity(unchecked) public package(set) var outcome = Outcome()

  @exclusivity(unchecked) private var requestIDBytes = ByteBuffer()
  @exclusivity(unchecked) private var states: ContiguousArray<AnyObject?> = []
  @exclusivity(unchecked) private var ticket: UInt64 = 0
  @exclusivity(unchecked) private var isSuspended = false
  /// How long the filter that waits may take, when it said so.
  @exclusivity(unchecked) package private(set) var longestWait: Int64?
  /// Whether the filter is asked again when that time is over.
  @exclusivity(unchecked) package private(set) var asksAgainLate = false
  /// Strong, since a weak reference slows every reference to the driver; its owner clears it when its channel is gone.
  @exclusivity(unchecked) package var driver: (any ExchangeDriver)?

  package init(loop: LoopContext, peerAddress: String, isSecure: Bool) {
    self.loop = loop
    self.peerAddress = peerAddress
    self.isSecure = isSecure
    clientAddress = peerAddress
    peerIP = IPAddress(peer: peerAddress)
    clientIP = peerIP
    isClientSecure = isSecure
  }

  /// Makes the object, which was reset, ready for another connection.
  package func serve(peerAddress: String, isSecure: Bool) {
    self.peerAddress = peerAddress
    self.isSecure = isSecure
    peerIP = IPAddress(peer: peerAddress)
    forgetClient()
  }

  /// Takes what a trusted proxy says of the client, for this request.
  package func forward(for address: String, _ ip: IPAddress, isSecure: Bool) {
    clientAddress = address
    clientIP = ip
    isClientSecure = isSecure
    isForwarded = true
  }

  /// The peer is the client again.
  private func forgetClient() {
    clientAddress = peerAddress
    clientIP = peerIP
    isClientSecure = isSecure
    isForwarded = false
  }

  /// Makes the object ready for the next request; capacity is kept, contents are not.
  package func reset() {
    request.release()
    response.reset()
    requestAdditions.reset()
    responseAdditions.reset()
    if !withheld.isEmpty { withheld = [] }
    replyInProgress = nil
    domain = nil
    route = nil
    operation = nil
    identity = nil
    effectiveScopes = nil
    shadowReason = nil
    limitMode = nil
    cacheResult = nil
    wantsRefresh = false
    isDetached = false
    // The next request of a proxy's connection may be another client's.
    if isForwarded { forgetClient() }
    outcome = Outcome()
    requestIDBytes.clear()
    for index in states.indices { states[index] = nil }
    cancelSuspension()
  }
}

extension Exchange {
  /// Gives memory back that the next request would use; for a connection that rests.
  package func shrink() {
    request = RequestHead()
    response = ResponseHead()
    requestAdditions = FieldAdditions()
    responseAdditions = FieldAdditions()
    requestIDBytes = ByteBuffer()
  }
}

// MARK: - Fields of the client's

extension Exchange {
  /// Keeps the client's fields of these names, and of every name that a server could read as one of them, from the
  /// origin: those of the head from now on, and those of a trailer section. What ``requestAdditions`` holds goes out.
  public func withhold(_ names: [FieldNameLetters]) {
    request.block.remove(readingAs: names)
    withheld = withheld.isEmpty ? names : withheld + names
  }
}

extension Exchange {
  /// Keeps one field of the origin's response from the client.
  public func removeResponseField(at index: Int) { response.block.remove(at: index) }
}

// MARK: - Exchanges of the gateway's own

extension Exchange {
  /// For a filter that answers from a cache: has the same request made once more on the gateway's own account, when there
  /// is room for it (`limits.background`). Only the phases from the cache look-up on see that exchange; its
  /// ``isDetached`` is true.
  public func refreshInBackground() { wantsRefresh = true }

  /// Takes the request of another exchange, and what was found out about it.
  package func repeatRequest(of other: Exchange) {
    isDetached = true
    request = other.request
    requestAdditions = other.requestAdditions
    responseAdditions = other.responseAdditions
    withheld = other.withheld
    domain = other.domain
    route = other.route
    operation = other.operation
    identity = other.identity
    effectiveScopes = other.effectiveScopes
    other.withRequestID { setRequestID($0) }
    outcome.started = loop.now
    if other.isForwarded, let address = other.clientIP {
      forward(for: other.clientAddress, address, isSecure: other.isClientSecure)
    }
  }
}

// MARK: - Request id

extension Exchange {
  /// The exchange's id, made of 128 random bits when nobody has set one.
  public func withRequestID<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    if requestIDBytes.readableBytes == 0 { makeRequestID() }
    return requestIDBytes.withUnsafeReadableBytes(body)
  }

  /// The exchange's id as text, for the slow paths.
  public var requestID: String { withRequestID { String(decoding: $0, as: UTF8.self) } }

  /// Takes an id that came with the request. The caller has checked its length and characters.
  public func setRequestID(_ bytes: UnsafeRawBufferPointer) {
    requestIDBytes.clear()
    requestIDBytes.writeBytes(bytes)
  }

  private func makeRequestID() {
    for _ in 0..<2 {
      var bits = loop.random()
      for _ in 0..<16 {
        let digit = UInt8(truncatingIfNeeded: bits & 15)
        requestIDBytes.writeInteger(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
        bits >>= 4
      }
    }
  }
}

// MARK: - State of filters

extension Exchange {
  /// What a filter keeps with this exchange between its phases. Slots are given by ``StateSlot``.
  public subscript(slot: StateSlot) -> AnyObject? {
    get { slot.index < states.count ? states[slot.index] : nil }
    set {
      while states.count <= slot.index { states.append(nil) }
      states[slot.index] = newValue
    }
  }
}

/// A place for one filter's state in every exchange. Made once, when the plugin is made.
public struct StateSlot: Sendable, Hashable {
  let index: Int
}

// MARK: - Waiting

/// Drives exchanges through the phases; the engine's part of ``Exchange``.
package protocol ExchangeDriver: AnyObject {
  /// A waiting filter has finished. Called on the loop, at most once for each suspension.
  func resumed(_ exchange: Exchange, _ continuation: Continuation)
}

extension Exchange {
  /// Takes the right to continue this exchange; the filter then says ``Verdict/wait``.
  ///
  /// - Parameters:
  ///   - longest: how long the exchange may wait, in nanoseconds, where that is another time than
  ///     `timeouts.plugin_wait`.
  ///   - asksAgain: whether the filter is asked again when that time is over, as by ``Continuation/again``; otherwise the
  ///     client is told that a check took too long.
  public func suspend(atMost longest: Int64? = nil, thenAsksAgain asksAgain: Bool = false) -> Resumption {
    ticket &+= 1
    isSuspended = true
    longestWait = longest
    asksAgainLate = asksAgain
    return Resumption(self, ticket: ticket, eventLoop: loop.eventLoop)
  }

  /// Whether a filter has taken a resumption that is still good.
  package var isWaiting: Bool { isSuspended }

  /// Makes outstanding resumptions worthless.
  package func cancelSuspension() {
    ticket &+= 1
    isSuspended = false
  }

  func resume(_ ticket: UInt64, _ continuation: Continuation) {
    guard isSuspended, ticket == self.ticket else { return }
    isSuspended = false
    driver?.resumed(self, continuation)
  }
}
