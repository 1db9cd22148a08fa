/// The text of an access token. It never shows itself: printing, string interpolation, debugging and reflection give
/// `<redacted>`. Only ``reveal()`` and the JSON encoding hand it out.
public struct SecretToken: Hashable, Sendable, Codable {
  private let text: String

  /// Wraps the text of a token.
  public init(_ text: String) { self.text = text }

  /// The text itself. Keep it out of logs, errors and command lines.
  public func reveal() -> String { text }

  /// Reads the text.
  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension SecretToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `<redacted>`.
  public var description: String { "<redacted>" }

  /// Always `<redacted>`.
  public var debugDescription: String { "<redacted>" }

  /// Empty, so that `dump` shows nothing either.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
