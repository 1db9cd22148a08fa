import HTTPWire

/// The endpoint of a key: always the same one, whatever becomes of the others.
///
/// Keys fall into slots, and each slot belongs to one endpoint: to the one with the best draw in a lottery of the slot, in
/// which a draw depends on slot, endpoint and weight alone (weighted rendezvous hashing, worked out beforehand). So when
/// an endpoint is added, removed or weighted anew, keys move only to it or from it, and every gateway has the same table.
/// A slot whose endpoint cannot be chosen is passed over for the next that can: those keys are spread over the others by
/// their weights, and no other key moves.
struct ConsistentTable: Sendable {
  /// Owners by slot; a power of two, or none.
  private let owners: [UInt16]
  private let shift: UInt64
  private let count: Int

  /// Slots of an upstream with up to 64 endpoints, and with more: at least 64 for each of 1024.
  static let sizes = (few: 1 << 13, many: 1 << 16)

  /// - Parameters:
  ///   - weights: each from 1 to a million.
  ///   - identities: what the endpoints are known by, as many as weights. Equal ones count as the first, second and so on.
  init(weights: [Int], identities: [String]) {
    count = min(weights.count, identities.count, Int(UInt16.max))
    let size = count > 64 ? Self.sizes.many : Self.sizes.few
    shift = UInt64(64 - size.trailingZeroBitCount)
    let hashes = Self.hashes(identities.prefix(count))
    let isWeighted = Set(weights).count > 1
    var owners: [UInt16] = []
    if count > 1 {
      let shares = weights.map { 1 / Double($0) }
      owners.reserveCapacity(size)
      for slot in 0..<size {
        let salt = UInt64(slot) &* RandomWords.step
        owners.append(isWeighted ? Self.winner(salt, hashes, shares) : Self.winner(salt, hashes))
      }
    }
    self.owners = owners
  }

  /// There must be a state for each endpoint, and at least one.
  func choose(_ states: [EndpointState], _ admission: Admission, key: UInt64) -> Int? {
    let mixed = RandomWords.mix(key)
    let start = owners.isEmpty ? 0 : Int(truncatingIfNeeded: mixed &>> shift)
    // The walk ends early when hardly any is left; the turn below then finds it sooner.
    for step in 0..<min(owners.count, 1024) {
      let owner = Int(owners[(start &+ step) & (owners.count &- 1)])
      if admission.admits(owner, states[owner]) { return owner }
    }
    let first = Int(mixed.multipliedFullWidth(by: UInt64(count)).high)
    for step in 0..<count {
      let index = (first &+ step) % count
      if admission.admits(index, states[index]) { return index }
    }
    return nil
  }
}

// MARK: - The lottery

extension ConsistentTable {
  private static func hashes(_ identities: ArraySlice<String>) -> [UInt64] {
    var seen: [String: UInt64] = [:]
    return identities.map { identity in
      let seed = seen[identity, default: 0]
      seen[identity] = seed + 1
      var identity = identity
      return identity.withUTF8 { ByteHash.hash(UnsafeRawBufferPointer($0), seed: RandomWords.mix(seed)) }
    }
  }

  /// With equal weights the largest draw wins.
  private static func winner(_ salt: UInt64, _ hashes: [UInt64]) -> UInt16 {
    var winner = 0
    var best: UInt64 = 0
    for index in hashes.indices {
      let draw = RandomWords.mix(hashes[index] ^ salt)
      if draw > best { (best, winner) = (draw, index) }
    }
    return UInt16(truncatingIfNeeded: winner)
  }

  /// With weights the draw u, even between 0 and 1, becomes the time -ln(u)/weight of an event that happens `weight` times
  /// as often as that of weight 1; the earliest wins, which is each as often as its weight says.
  private static func winner(_ salt: UInt64, _ hashes: [UInt64], _ shares: [Double]) -> UInt16 {
    var winner = 0
    var best = Double.infinity
    for index in hashes.indices {
      let draw = RandomWords.mix(hashes[index] ^ salt)
      // -ln(u) is never less than 1 - u, which is had for nothing and decides nearly always.
      let least = Double(~draw &>> 11) * 0x1p-53
      guard least * shares[index] < best else { continue }
      let time = minusLogarithm(draw) * shares[index]
      if time < best { (best, winner) = (time, index) }
    }
    return UInt16(truncatingIfNeeded: winner)
  }

  /// -ln of the draw over 2 to the 64th, to about ten digits, with operations that give the same on every machine.
  private static func minusLogarithm(_ draw: UInt64) -> Double {
    // The draw is m times a power of two, m from 1 to 2; ln(m) = 2 (t + t^3/3 + t^5/5 ...) with t = (m - c)/(m + c) around c.
    let draw = draw | 1
    let zeros = draw.leadingZeroBitCount
    let mantissa = Double((draw &<< UInt64(zeros)) &>> 11) * 0x1p-52
    let t = (mantissa - squareRoot) / (mantissa + squareRoot)
    let square = t * t
    let series = 1 + square * (1 / 3.0 + square * (1 / 5.0 + square * (1 / 7.0 + square * (1 / 9.0 + square / 11.0))))
    return (Double(zeros) + 0.5) * logarithmOfTwo - 2 * t * series
  }

  private static let squareRoot = 1.414_213_562_373_095_1
  private static let logarithmOfTwo = 0.693_147_180_559_945_3
}
