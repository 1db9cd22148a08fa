/// How much memory kept answers may take, whatever routes they are for (`stores.cache`).
public struct CacheBounds: Sendable, Hashable {
  /// Bytes for all, bookkeeping included.
  public var size: Int
  /// The part of it, in percent, that a domain has before all others; more only while there is room.
  public var domain: Int

  /// Bounds.
  public init(size: Int = 256 << 20, domain: Int = 50) {
    self.size = size
    self.domain = domain
  }

  /// Bytes that a domain has before all others.
  public var domainBytes: Int { size / 100 * domain }
}
