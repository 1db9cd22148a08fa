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

  /// Secrets are keys and passwords; anything longer is the wrong file.
  private static let largest = 65_536

  /// The secret that a file holds, without one line end at its end; nil when there is nothing in it.
  package static func read(file: String) throws(BoundedFile.Failure) -> Secret? {
    var bytes = try BoundedFile.read(file, limit: largest)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return bytes.isEmpty ? nil : Secret(bytes)
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
