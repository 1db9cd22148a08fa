import GatewayKit
import HTTPWire

/// Finds the client behind a trusted proxy, request by request, for one connection of that proxy's. A connection from
/// anybody else has none, and pays nothing for it.
///
/// `X-Forwarded-For` is read from its end: each proxy adds whom it was asked by, so what stands there is the word of a
/// trusted one, until the first address that is not. That is the client, and what stands before it is the client's own
/// invention. The same addresses as in the last request make the same texts: a client that keeps its connection costs
/// no allocation.
final class ClientTrail {
  /// How many addresses of the field are looked at.
  static let most = 32

  private let trusted: TrustedProxies
  private let peer: IPAddress
  private let peerText: String
  /// What the current request's field says, the nearest first; the client is the last one, or the peer when it is empty.
  private var found: [IPAddress] = []
  /// What the texts below are made of.
  private var known: [IPAddress] = []
  private var clientText: String
  private var field: [UInt8] = []

  /// nil when the peer is no trusted proxy.
  init?(_ peer: IPAddress, _ trusted: TrustedProxies) {
    guard trusted.contains(peer) else { return nil }
    self.trusted = trusted
    self.peer = peer
    peerText = peer.description
    clientText = peerText
    render()
  }

  /// Tells the exchange who its client is. Its head was read, and nothing was taken from it that the gateway owns.
  func follow(_ exchange: Exchange) {
    found.removeAll(keepingCapacity: true)
    let isSecure = exchange.withRequest { request in
      if request.block.present.contains(.xForwardedFor) { walk(request.block) }
      return Self.isSecure(request.block)
    }
    if found != known { remember() }
    exchange.forward(for: clientText, found.last ?? peer, isSecure: isSecure ?? exchange.isSecure)
  }

  /// Lends the value of `X-Forwarded-For` that the origin gets: the client, the proxies between, the peer.
  func withField(_ body: (UnsafeRawBufferPointer) -> Void) { field.withUnsafeBytes(body) }

  /// All lines of the field are one list (RFC 9110 section 5.3).
  private func walk(_ block: FieldBlock) {
    var left = Self.most
    for index in block.fields.indices.reversed() {
      guard block.fields[index].id == .xForwardedFor, !block.fields[index].isRemoved else { continue }
      guard block.withValue(index, { walk($0, &left) }) else { return }
    }
  }

  /// False where the walk ends.
  private func walk(_ value: UnsafeRawBufferPointer, _ left: inout Int) -> Bool {
    var end = value.count
    while left > 0 {
      left -= 1
      let comma = value[..<end].lastIndex(of: UInt8(ascii: ","))
      let element = UnsafeRawBufferPointer(rebasing: value[(comma.map { $0 + 1 } ?? 0)..<end])
      // Behind what is no address nobody is known, so whoever was found last stands for it.
      guard let address = ForwardedAddress.read(element) else { return false }
      found.append(address)
      guard trusted.contains(address) else { return false }
      guard let comma else { return true }
      end = comma
    }
    return false
  }

  private func remember() {
    known.removeAll(keepingCapacity: true)
    known.append(contentsOf: found)
    clientText = known.last?.description ?? peerText
    render()
  }

  private func render() {
    field.removeAll(keepingCapacity: true)
    for address in known.reversed() {
      address.withText { field.append(contentsOf: $0) }
      field.append(UInt8(ascii: ","))
      field.append(UInt8(ascii: " "))
    }
    field.append(contentsOf: peerText.utf8)
  }

  /// What `X-Forwarded-Proto` says; nil unless it is one scheme, and one that the gateway serves.
  private static func isSecure(_ block: FieldBlock) -> Bool? {
    guard block.count(of: .xForwardedProto) == 1 else { return nil }
    return block.withValue(of: .xForwardedProto) { value in
      switch value.count {
      case 4 where value.elementsEqual("http".utf8): false
      case 5 where value.elementsEqual("https".utf8): true
      default: nil
      }
    } ?? nil
  }
}
