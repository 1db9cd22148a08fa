/// A token, byte for byte, and what is known of it.
final class TokenEntry<Known: Sendable>: Sendable {
  let token: [UInt8]
  let known: Known
  /// About how many bytes the entry takes with its place in the table.
  let cost: Int

  /// What the object, its array and its share of the table take beside the token's own bytes.
  private static var overhead: Int { 160 }

  init(_ token: UnsafeRawBufferPointer, _ known: Known, cost: Int) {
    self.token = Array(token)
    self.known = known
    self.cost = Self.overhead + token.count + cost
  }

  /// Whether the entry is of exactly this token.
  func isOf(_ other: UnsafeRawBufferPointer) -> Bool {
    token.withUnsafeBytes { token in
      guard token.count == other.count else { return false }
      guard let left = token.baseAddress, let right = other.baseAddress else { return true }
      // What is compared is no secret of the gateway's: an equal token was sent before, by somebody who held it.
      return memcmp(left, right, token.count) == 0
    }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
