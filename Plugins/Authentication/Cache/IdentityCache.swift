import GatewayKit

/// Remembers tokens that were verified, and apart from them, in little room, tokens that were found bad: a flood of
/// those never costs a good one its place, and one that is sent again and again costs no signature check each time.
final class IdentityCache: Sendable {
  private let good: TokenTable<VerifiedToken>
  private let bad: TokenTable<Refused>

  /// Why a token is not taken whatever the time and the domain, as long as the keys are these.
  private struct Refused: Sendable {
    let failure: TokenFailure
    let keys: UInt64
    /// When that was found. What is expired is so at all later times; a clock that was wrong may be set back.
    let wall: Int64
  }

  /// Of the room for good tokens, how much those that were found bad may take on top.
  private static let partForBad = 16
  private static let costOfBad = 40

  init(entries: Int, bytes: Int, seed: UInt64) {
    good = TokenTable(entries: entries, bytes: bytes, seed: seed)
    bad = TokenTable(entries: entries / Self.partForBad, bytes: bytes / Self.partForBad, seed: seed)
  }

  /// The facts of exactly this token, unless the key that it was verified by is good no more.
  func value(of token: UnsafeRawBufferPointer) -> VerifiedToken? {
    guard let found = good.entry(of: token) else { return nil }
    guard !found.known.isRetired else {
      good.remove(found)
      return nil
    }
    return found.known
  }

  /// Keeps the facts of a token.
  ///
  /// - Returns: how many others were forgotten for it.
  @discardableResult
  func insert(_ value: VerifiedToken, token: UnsafeRawBufferPointer) -> Int {
    good.insert(value, token: token, cost: value.cost)
  }

  /// Why exactly this token was not taken under these keys, at this time or before; nil when that is not remembered.
  func refusal(of token: UnsafeRawBufferPointer, keys: UInt64, at wall: Int64) -> TokenFailure? {
    guard let found = bad.entry(of: token), found.known.keys == keys, wall >= found.known.wall else { return nil }
    return found.known.failure
  }

  /// Keeps why a token is not taken, if that was costly to find out and stays so as long as the keys do.
  func insert(_ failure: TokenFailure, token: UnsafeRawBufferPointer, keys: UInt64, at wall: Int64) {
    guard failure.isLasting else { return }
    bad.insert(Refused(failure: failure, keys: keys, wall: wall), token: token, cost: Self.costOfBad)
  }

  /// How many verified tokens are known.
  var count: Int { good.count }

  /// About how many bytes they take.
  var bytes: Int { good.bytes }
}

extension TokenFailure {
  /// Whether it was found out by a signature, and neither later times nor another domain can change it.
  fileprivate var isLasting: Bool {
    switch self {
    case .signatureInvalid, .expired, .expiryMissing, .issuerUnknown, .audienceWrong, .kindRefused: true
    default: false
    }
  }
}
