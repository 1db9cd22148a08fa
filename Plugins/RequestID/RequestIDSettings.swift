public import GatewayKit

/// The settings of `request-id`, as README.md describes them.
public struct RequestIDSettings: PluginSettings {
  /// The field's name in lower case.
  package let header: String
  /// Whether a client's id is taken.
  package let accept: Bool

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    header = settings.string("header", default: "x-request-id").lowercased()
    accept = settings.bool("accept", default: false)
    if !Self.isUsable(header) {
      settings.fail(
        "header", "is no name for the field of an id",
        hint: "use 1 to 64 letters, digits and hyphens that begin with x- or end in -id, such as x-request-id")
    }
  }

  /// Only names that look like an id's: no setting may replace Host, Authorization or a framing field.
  private static func isUsable(_ name: String) -> Bool {
    guard name.hasPrefix("x-") || name.hasSuffix("-id"), name.utf8.count <= 64, !owned.contains(name) else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        || byte == UInt8(ascii: "-")
    }
  }

  private static let owned: Set<String> = [
    "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-original-url", "x-rewrite-url",
    "x-http-method-override", "x-method-override", "last-event-id",
  ]
}
