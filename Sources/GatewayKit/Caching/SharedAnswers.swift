import Crypto
public import NIOCore

/// A store of answers that several gateways share, behind the memory of each. It holds sealed bytes under names that tell
/// nothing, and knows which of them a change has made worthless.
public protocol SharedAnswers: AnyObject, Sendable {
  /// What answers are sealed with: the same for all gateways.
  var secret: Secret { get }
  /// The largest sealed answer, in bytes.
  var largest: Int { get }
  /// Bytes a second that may be kept for one domain, after ten seconds' worth at once.
  var domainRate: Int { get }
  /// How long one look-up may take, in nanoseconds.
  var patience: Int64 { get }
  /// The part of it on a loop, on that loop; nil where there is none.
  func access(on loop: LoopContext) -> (any SharedAnswersAccess)?
}

/// One loop's way to a ``SharedAnswers``. Bound to its loop. It never fails: what goes wrong is an answer that is not there.
public protocol SharedAnswersAccess: AnyObject {
  /// The store's time as it was told last; nil when it is not known. An answer whose request goes out now is of this time.
  var time: SharedAnswerTime? { get }
  /// Whether it can be asked now. While it is not connected this begins to connect, as often as is of use.
  func isReady() -> Bool
  /// Asks for what is kept under a name. False when it cannot be asked now; nobody is told anything then.
  ///
  /// - Parameter then: called once, on the loop and never inside this call.
  func find(_ name: [UInt8], then: @escaping (SharedAnswerFound) -> Void) -> Bool
  /// Whether an answer of so many bytes would be kept now.
  func hasRoom(for bytes: Int) -> Bool
  /// Keeps an answer for so many nanoseconds, some time soon. False when there is no room for it on the way.
  ///
  /// - Parameter orLonger: whether what stands under the name already, and lasts longer, leaves the answer its time.
  func keep(_ answer: ByteBuffer, as name: [UInt8], for lifetime: Int64, orLonger: Bool) -> Bool
  /// Has what is kept under a name go; false when the store cannot be told now.
  func drop(_ name: [UInt8]) -> Bool
}

/// What came of a look-up.
public enum SharedAnswerFound {
  /// Nothing that was changed since; sealed.
  case answer(ByteBuffer)
  /// There is none.
  case nothing
  /// The store did not tell.
  case failed
}

/// Time as a ``SharedAnswers`` counts it. One that has lost its count begins another epoch.
public struct SharedAnswerTime: Sendable, Hashable {
  /// Chosen by chance.
  public let epoch: UInt64
  /// When something was changed last.
  public let time: UInt64

  /// A time in an epoch.
  public init(epoch: UInt64, time: UInt64) {
    self.epoch = epoch
    self.time = time
  }
}

/// Where a store that gateways share holds what was changed when: the same for all that have the same secret, and for no
/// others, since what those mark means something else.
package struct SharedPlaces: Sendable {
  /// Seeds the hashes of paths and tags. Nobody else can know it.
  package let seed: UInt64
  /// The name under which they stand.
  package let key: String

  package init(_ secret: Secret) {
    seed = Self.derive("gatehouse cache places 1", 8, secret).reduce(0) { $0 << 8 | UInt64($1) }
    let name = Self.derive("gatehouse cache places key 1", 4, secret)
    key = "gatehouse:{cache}:places:" + name.map { String($0, radix: 16) }.joined(separator: "-")
  }

  private static func derive(_ purpose: String, _ count: Int, _ secret: Secret) -> [UInt8] {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: secret.bytes), info: Array(purpose.utf8), outputByteCount: count)
    return key.withUnsafeBytes { Array($0) }
  }
}

/// What stands in front of a sealed answer, for the store to read: of what time it is, and the places of all that it is
/// about. Decimal numbers with blanks between, and a line feed.
package enum SharedAnswerHead {
  /// The most bytes: of two large numbers and the places of the most tags.
  static let longest = 2048

  package static func write(_ time: SharedAnswerTime, _ places: [UInt32], into out: inout ByteBuffer) {
    out.writeString("\(time.epoch) \(time.time)")
    for place in places { out.writeString(" \(place)") }
    out.writeStaticString("\n")
  }

  /// Takes the head off an answer; nil when there is none.
  package static func read(_ answer: inout ByteBuffer) -> ByteBuffer? {
    let view = answer.readableBytesView
    guard let end = view.prefix(longest).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    return answer.readSlice(length: end - view.startIndex + 1)
  }
}
