import GatewayKit
import HTTPWire

/// What a key is made of.
package enum KeyPart: Sendable, Hashable {
  case domain, token, subject, route, operation, method, address
  /// The values of a request's field; its name in lower case.
  case header(String)
  /// The value of a claim that `authentication` keeps.
  case claim(String)

  /// As the configuration spells it.
  package var text: String {
    switch self {
    case .domain: "domain"
    case .token: "token"
    case .subject: "subject"
    case .route: "route"
    case .operation: "operation"
    case .method: "method"
    case .address: "address"
    case .header(let name): "header:\(name)"
    case .claim(let name): "claim:\(name)"
    }
  }

  private static let plain: [KeyPart] = [.domain, .token, .subject, .route, .operation, .method, .address]
  private static let hint =
    "choose of \(plain.map(\.text).joined(separator: ", ")), header:NAME (of a field that the gateway does not judge itself) and claim:NAME, each once"

  /// Fields that are judged: what counts is what was found, never how a client spelled it.
  private static let judged: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "losantdomain", "host", "x-forwarded-for", "forwarded",
  ]

  private init?(_ text: String) {
    if let found = Self.plain.first(where: { $0.text == text }) {
      self = found
    } else if text.hasPrefix("header:"), FieldNameLetters(String(text.dropFirst(7))) != nil,
      !Self.judged.contains(text.dropFirst(7).lowercased())
    {
      self = .header(text.dropFirst(7).lowercased())
    } else if text.hasPrefix("claim:"), text.utf8.count > 6 {
      self = .claim(String(text.dropFirst(6)))
    } else {
      return nil
    }
  }

  /// The parts below `key`; the usual ones when it is absent.
  static func read(_ settings: SettingsReader) -> [KeyPart] {
    guard settings.has("key") else { return [.domain, .token] }
    var parts: [KeyPart] = []
    for text in settings.strings("key", default: []) {
      guard let part = KeyPart(text) else {
        settings.fail("key", "`\(Display.text(text, limit: 60))` is no part of a key", hint: hint)
        continue
      }
      if parts.contains(part) {
        settings.fail("key", "`\(part.text)` stands here twice", hint: hint)
      } else {
        parts.append(part)
      }
    }
    if parts.isEmpty { settings.fail("key", "names no part", hint: hint) }
    if parts.count > 8 { settings.fail("key", "has more than 8 parts", hint: "count by fewer of them") }
    return parts
  }
}
