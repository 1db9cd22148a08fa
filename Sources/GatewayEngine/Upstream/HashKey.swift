import GatewayKit
import HTTPWire
import NIOCore

/// What a hash policy knows a request by. The same in every gateway, so that all send a key to the same endpoint.
enum HashKey {
  /// nil for policies that ask for none.
  static func of(_ exchange: Exchange, _ policy: BalancePolicy) -> UInt64? {
    guard case .hash(let key) = policy else { return nil }
    switch key {
    case .token: return exchange.identity.map { hash($0.fingerprint) } ?? hash(exchange.clientAddress)
    case .domain: return exchange.domain.map { $0.key.withUnsafeReadableBytes(hash) } ?? hash(exchange.clientAddress)
    case .address: return hash(exchange.clientAddress)
    case .path: return exchange.request.withPath { hash($0) }
    case .header(let name):
      guard let index = exchange.request.block.firstIndex(named: name) else { return hash(exchange.clientAddress) }
      return exchange.request.block.withValue(index) { hash($0) }
    }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 { ByteHash.hash(bytes, seed: 0) }

  private static func hash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
  }

  private static func hash(_ fingerprint: Fingerprint) -> UInt64 { withUnsafeBytes(of: fingerprint) { hash($0) } }
}
