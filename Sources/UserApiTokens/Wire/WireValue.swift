/// A value that the API sends as one of a few known words, and perhaps one day as a word that is not known yet.
///
/// Every conforming enum has a case `other`, so that an answer of a newer API is read and not refused.
public protocol WireValue: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible
where RawValue == String {
  /// The words that this version knows.
  static var known: [Self] { get }

  /// A word that this version does not know.
  static func other(_ word: String) -> Self

  /// Reads a word; one that is not known becomes ``other(_:)``.
  init(rawValue: String)
}

extension WireValue {
  /// Reads a word; one that is not known becomes ``other(_:)``.
  public init(rawValue: String) {
    self = Self.known.first { $0.rawValue == rawValue } ?? .other(rawValue)
  }

  /// The word as it is on the wire.
  public var description: String { rawValue }
}
