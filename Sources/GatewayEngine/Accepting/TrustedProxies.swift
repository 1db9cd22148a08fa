import GatewayKit

/// The addresses of the proxies that are believed about their clients. A look-up takes time by the logarithm of how many
/// networks there are, since a client decides how many addresses are looked up.
struct TrustedProxies: Sendable {
  private struct Range: Sendable {
    let first: UInt128
    var last: UInt128
  }

  private let v4: [Range]
  private let v6: [Range]

  init(_ networks: [IPNetwork]) {
    v4 = Self.ranges(networks.filter { $0.first.family == .v4 })
    v6 = Self.ranges(networks.filter { $0.first.family == .v6 })
  }

  /// Whether no proxy is trusted.
  var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

  /// Whether this address is a trusted proxy's.
  func contains(_ address: IPAddress) -> Bool {
    let ranges = address.family == .v4 ? v4 : v6
    let bits = address.bits
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].last < bits { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].first <= bits
  }

  /// In order, none within another.
  private static func ranges(_ networks: [IPNetwork]) -> [Range] {
    var ranges: [Range] = []
    let sorted = networks.sorted { ($0.first.bits, $0.prefix) < ($1.first.bits, $1.prefix) }
    for network in sorted {
      let first = network.first.bits
      // Two networks are apart or one is in the other, and the larger one stands first.
      if let last = ranges.last, first <= last.last { continue }
      ranges.append(Range(first: first, last: first | IPAddress.mask(network.first.family.width - network.prefix)))
    }
    return ranges
  }
}
