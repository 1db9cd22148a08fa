import GatewayKit
import HTTPWire
import NIOCore

/// A request that was not answered from the cache, until its response is kept or is known not to be.
final class StoreJob {
  let key: [UInt8]
  let hash: UInt64
  /// What the answer is about, its tags as soon as they are known.
  var version: AnswerVersions.Mark
  /// Whether ``version`` has all of its tags.
  var isTagged = true
  /// Why the request went on, as RFC 9211 section 2.2 says it.
  let forwarded: Forwarded
  /// Monotonic nanoseconds when the request was looked up.
  let began: Int64
  private(set) var body = ByteBuffer()
  private(set) var isGivenUp = false
  /// Whether the body found no room to be collected in.
  private(set) var lacksRoom = false
  private let room: CollectingRoom.Share
  /// Bytes taken of the room.
  private var held = 0
  /// Set when the head says that the response is kept.
  var terms: StoreRules.Terms?
  private(set) var fields = ByteBuffer()
  /// The fields of a 304 for the same; nil when conditions are not judged here.
  private(set) var notModifiedFields: ByteBuffer?
  private(set) var varyValues: [UInt8] = []
  /// Monotonic nanoseconds when the head was complete.
  private(set) var headTime: Int64 = 0

  /// What the origin was asked about.
  private(set) var validated: ValidatedAnswer?
  /// Whether the origin is asked once more, without conditions.
  private(set) var isAskedAnew = false

  /// Where it is counted; nil for a request of the gateway's own.
  var account: DomainAccount?

  /// The time of the store that gateways share when the request went out; nil when it is not known.
  var sharedTime: SharedAnswerTime?

  /// Its place when others may wait for what comes of it.
  var seat: FlightSeat?
  /// Whether it has waited for another one's answer in vain.
  var hasWaited = false
  /// What `collapsed` says of it.
  var collapsed: Bool? { hasWaited ? false : nil }

  /// Why the origin is asked: there is no answer, only ones to other values of `Vary`, one that is too old, or one that
  /// the client does not want.
  enum Forwarded {
    case miss, variant, stale, request

    /// The token of `fwd`.
    var name: StaticString {
      switch self {
      case .miss: "miss"
      case .variant: "vary-miss"
      case .stale: "stale"
      case .request: "request"
      }
    }
  }

  init(
    key: [UInt8], hash: UInt64, version: AnswerVersions.Mark, forwarded: Forwarded, began: Int64,
    room: CollectingRoom.Share, validated: ValidatedAnswer? = nil
  ) {
    self.validated = validated
    self.key = key
    self.hash = hash
    self.version = version
    self.forwarded = forwarded
    self.began = began
    self.room = room
  }

  deinit { room.giveBack(held) }

  /// What the origin has said of the kept answer cannot be: it is asked as if there were none.
  func askAnew() {
    validated = nil
    isAskedAnew = true
  }

  /// Takes what is kept of the head, and the time.
  func keepHead(of exchange: Exchange, _ terms: StoreRules.Terms) {
    fields = StoredFields.render(exchange, without: terms.left)
    if terms.answersConditions {
      notModifiedFields = StoredFields.renderNotModified(exchange, without: terms.left)
    }
    var values = KeyBytes()
    terms.vary.writeValues(of: exchange.request.block, into: &values)
    varyValues = values.withBytes { Array($0) }
    headTime = exchange.loop.now
  }

  /// Takes the content of an answer that is kept already.
  func keepBody(of response: CachedResponse) {
    if case .bytes(let bytes) = response.reply.content { body = bytes }
  }

  /// Makes room at once for a body whose length is known; false when there is none.
  func expect(_ length: Int) -> Bool {
    guard hold(length) else { return false }
    body = .exactly(length)
    return true
  }

  /// Copies a piece: a slice would keep alive the whole buffer it was read into.
  func append(_ piece: ByteBuffer, limit: Int) {
    guard !isGivenUp else { return }
    let length = body.readableBytes + piece.readableBytes
    if length <= limit, hold(length) {
      body.writeImmutableBuffer(piece)
    } else {
      giveUp()
    }
  }

  /// Takes room until it is enough for a body of that length.
  private func hold(_ length: Int) -> Bool {
    guard length > held else { return true }
    lacksRoom = !room.take(length - held, beside: held)
    if !lacksRoom { held = length }
    return !lacksRoom
  }

  private func giveUp() {
    isGivenUp = true
    body = ByteBuffer()
    room.giveBack(held)
    held = 0
  }

  /// Gives back room that was taken by guess, so that the budget is not spent on it.
  func trim() {
    if body.storageCapacity > body.readableBytes + body.readableBytes / 32 + 256 { body = body.copied() }
  }
}

extension ByteBuffer {
  /// The readable bytes in a storage of their own.
  fileprivate func copied() -> ByteBuffer {
    var copy = ByteBuffer.exactly(readableBytes)
    copy.writeImmutableBuffer(self)
    return copy
  }
}
