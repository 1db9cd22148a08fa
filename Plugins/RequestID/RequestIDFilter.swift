import GatewayKit
import HTTPWire
import NIOCore

/// Settles the id in the identity phase, the earliest there is, and adds it to the response when its head is complete,
/// whoever answers. An exchange that was refused before this filter was asked gets its id settled then, before the body of
/// the refusal is made.
final class RequestIDFilter: IdentityFilter, ResponseFilter {
  private let name: String
  private let prefix: ByteBuffer
  private let isStandardName: Bool
  private let accepts: Bool
  private let slot: StateSlot
  private var line = ByteBuffer()

  init(_ settings: RequestIDSettings, slot: StateSlot) {
    self.slot = slot
    name = settings.header
    prefix = ByteBuffer(string: "\(settings.header): ")
    isStandardName = settings.header == "x-request-id"
    accepts = settings.accept
  }

  func identify(_ exchange: Exchange) -> Verdict {
    settle(exchange)
    removeFields(&exchange.request.block)
    add(exchange, to: &exchange.requestAdditions)
    return .next
  }

  func response(_ exchange: Exchange) {
    settle(exchange)
    if !isStandardName { removeFields(&exchange.response.block) }
    add(exchange, to: &exchange.responseAdditions)
  }

  private func settle(_ exchange: Exchange) {
    guard accepts, exchange[slot] !== self else { return }
    exchange[slot] = self
    takeID(exchange)
  }

  private func add(_ exchange: Exchange, to additions: inout FieldAdditions) {
    line.clear()
    line.writeImmutableBuffer(prefix)
    exchange.withRequestID { id in _ = line.writeBytes(id) }
    if isStandardName {
      line.moveReaderIndex(to: prefix.readableBytes)
      additions.add(.xRequestID, line.readableBytesView)
    } else {
      line.writeStaticString("\r\n")
      additions.add(rendered: line)
    }
  }

  /// Takes the client's id when there is exactly one and it is plain; another one is replaced, not refused.
  private func takeID(_ exchange: Exchange) {
    let block = exchange.request.block
    guard let index = isStandardName ? block.first(.xRequestID) : block.firstIndex(named: name) else { return }
    guard isOnlyOne(index, in: block) else { return }
    block.withValue(index) { value in
      if Self.isPlain(value) { exchange.setRequestID(value) }
    }
  }

  private func isOnlyOne(_ index: Int, in block: FieldBlock) -> Bool {
    if isStandardName { return block.count(of: .xRequestID) == 1 }
    var others = block
    others.remove(at: index)
    return others.firstIndex(named: name) == nil
  }

  private func removeFields(_ block: inout FieldBlock) {
    if isStandardName { return block.remove(.xRequestID) }
    while let index = block.firstIndex(named: name) { block.remove(at: index) }
  }

  /// 1 to 128 letters, digits, `.`, `_`, `~`, `-`: safe in a field, a URL and a log line.
  static func isPlain(_ value: UnsafeRawBufferPointer) -> Bool {
    guard value.count >= 1, value.count <= 128 else { return false }
    return value.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
      default: false
      }
    }
  }
}
