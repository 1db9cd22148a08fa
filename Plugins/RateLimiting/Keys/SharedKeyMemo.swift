import GatewayKit

/// Remembers the shared keys of callers who were here lately, since a SHA-256 for each request would cost more than all else
/// that a rule does. A caller is known by the key that this process would use, whose seeds no peer knows.
struct SharedKeyMemo {
  private static let count = 512
  private var places: ContiguousArray<Place> = []

  private struct Place: BitwiseCopyable {
    var local = LimitKey(high: 0, low: 0)
    var shared = LimitKey(high: 0, low: 0)
    var isTaken = false
  }

  /// The shared key of a caller; made when it is not remembered, which forgets another one.
  mutating func key(_ parts: UnsafeRawBufferPointer, _ digest: borrowing KeyDigest) -> LimitKey {
    let local = digest.local(parts)
    if places.isEmpty { places = ContiguousArray(repeating: Place(), count: Self.count) }
    let index = Int(truncatingIfNeeded: local.low) & (Self.count - 1)
    let place = places[index]
    if place.isTaken, place.local == local { return place.shared }
    let shared = digest.shared(parts)
    places[index] = Place(local: local, shared: shared, isTaken: true)
    return shared
  }
}
