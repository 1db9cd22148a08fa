import GatewayKit

/// By which terms the domains share the connections of an upstream; what its pools on all loops have in common.
struct FairTerms: Sendable {
  /// Whether domains are told apart at all.
  let isOn: Bool
  /// The part of the slots, in percent, that a domain of weight 1 leaves free for others when it is alone.
  let headroom: Int
  /// By the domain's number; empty when all are 1.
  private let weights: ContiguousArray<UInt16>

  /// One line for all, and no slot is kept free.
  static let off = FairTerms(isOn: false, headroom: 0, weights: [])

  /// - Parameters:
  ///   - headroom: percent, 0 to 90.
  ///   - weights: by the domain's number; empty when all are 1.
  init(headroom: Int, weights: [Int] = []) {
    self.init(isOn: true, headroom: headroom, weights: ContiguousArray(weights.map { UInt16(clamping: $0) }))
  }

  private init(isOn: Bool, headroom: Int, weights: ContiguousArray<UInt16>) {
    (self.isOn, self.headroom, self.weights) = (isOn, headroom, weights)
  }

  /// The weight of a domain: 1 to 1000.
  func weight(of domain: Int) -> Int { domain < weights.count ? max(Int(weights[domain]), 1) : 1 }

  /// Whether a domain that holds `held` slots may have one more of `free` ones.
  ///
  /// This is the dynamic threshold of Choudhury and Hahne (IEEE/ACM Transactions on Networking 6, 1998): what a domain
  /// would then hold is at most `weight * alpha` times what would then be free, with `alpha = (1 - h) / h` for a headroom
  /// of `h`. Alone, a domain of weight `w` so reaches the share `w * alpha / (1 + w * alpha)` and stops, rounded down to
  /// whole slots: for weight 1 that is `1 - h`. Of `n` busy domains of weight 1 each may reach
  /// `alpha / (1 + n * alpha)`, so that the more there are, the less is kept free, down to one slot. A domain that holds
  /// none may have any that is free.
  @inline(__always)
  func admits(held: Int, weight: Int, free: Int) -> Bool {
    guard isOn, held > 0 else { return free > 0 }
    return free > 0 && (held + 1) * headroom <= weight * (100 - headroom) * (free - 1)
  }
}
