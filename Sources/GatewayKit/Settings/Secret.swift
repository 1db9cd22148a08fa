/// A secret from a file or the environment. It prints as `<secret>` wherever it is shown.
///
/// Equality is not constant-time: compare secrets of a configuration with it, never what a peer sent.
public struct Secret: Sendable, Hashable {
  /// The secret's bytes.
  public let bytes: [UInt8]

  /// A secret of these bytes.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The secret as text; nil when it is no UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never the secret.
  public var description: String { "<secret>" }
  /// Never the secret.
  public var debugDescription: String { "<secret>" }
  /// Without children, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
