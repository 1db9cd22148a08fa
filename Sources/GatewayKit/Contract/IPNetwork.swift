/// All addresses that begin with the same bits (RFC 4632 section 3.1), as in `10.0.0.0/8`.
public struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
  /// The first of its addresses: all bits behind the prefix are 0.
  public let first: IPAddress
  /// How many bits its addresses have in common; 0 to the width of the family.
  public let prefix: Int

  /// The network of an address; the bits behind the prefix are cleared, and the prefix is held within the width.
  public init(_ address: IPAddress, prefix: Int) {
    self.prefix = min(max(prefix, 0), address.family.width)
    first = address.masked(to: self.prefix)
  }

  /// Whether an address is in it. IPv4 addresses are in no network of IPv6, whatever their bits.
  public func contains(_ address: IPAddress) -> Bool {
    address.family == first.family && address.masked(to: prefix) == first
  }

  /// As it is written in a configuration: without the prefix where it is one address.
  public var description: String { prefix == first.family.width ? "\(first)" : "\(first)/\(prefix)" }
}
