import Crypto
import GatewayKit

/// Digests of what requests go through. Most routes have one in common with others, so each is made once.
struct RoutePolicies {
  private struct Key: Hashable {
    let upstream: Int
    let chain: Int
  }

  private var known: [Key: Fingerprint] = [:]

  /// - Parameters:
  ///   - chain: the number of the chain that the entries make.
  ///   - entries: the plugins in their order.
  mutating func policy(
    _ upstream: UpstreamConfiguration, index: Int, chain: Int, _ entries: [UseEntry]
  ) -> Fingerprint {
    let key = Key(upstream: index, chain: chain)
    if let known = known[key] { return known }
    var digest = SHA256()
    Self.add(upstream.name, to: &digest)
    for endpoint in upstream.endpoints { Self.add("\(endpoint)", to: &digest) }
    for entry in entries where !entry.isOff {
      Self.add(entry.plugin, to: &digest)
      Self.add(entry.settings, to: &digest)
    }
    let made = Fingerprint(digest: digest.finalize())
    known[key] = made
    return made
  }

  /// Nodes that are equal give the same, and no others: each part says what it is and how long.
  private static func add(_ node: ConfigNode, to digest: inout SHA256) {
    switch node.value {
    case .null: add("null", to: &digest)
    case .scalar(let text, _):
      add("scalar", to: &digest)
      add(text, to: &digest)
    case .sequence(let nodes):
      add("sequence \(nodes.count)", to: &digest)
      for node in nodes { add(node, to: &digest) }
    case .mapping(let entries):
      add("mapping \(entries.count)", to: &digest)
      for entry in entries.sorted(by: { $0.key < $1.key }) {
        add(entry.key, to: &digest)
        add(entry.value, to: &digest)
      }
    }
  }

  private static func add(_ text: String, to digest: inout SHA256) {
    let bytes = Array(text.utf8)
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { digest.update(bufferPointer: $0) }
    digest.update(data: bytes)
  }
}
