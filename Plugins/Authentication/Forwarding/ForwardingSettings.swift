import GatewayKit
import HTTPWire

/// What the origin learns of the caller, as the settings say it.
struct ForwardingSettings: Sendable, Hashable {
  /// What becomes of the caller's token on the way to the origin.
  enum Token: Sendable, Hashable {
    /// It is passed on.
    case pass
    /// It ends here.
    case remove
    /// The domain's own token goes in its place.
    case replace(Secret)
  }

  /// A field that tells the origin a fact.
  struct Field: Sendable, Hashable {
    let name: String
    let fact: IdentityFact
  }

  let token: Token
  let fields: [Field]

  static let unchanged = ForwardingSettings(token: .pass, fields: [])

  private static let mostFields = 16
  private static let longestName = 64

  private init(token: Token, fields: [Field]) {
    self.token = token
    self.fields = fields
  }

  init(reading settings: SettingsReader) {
    token = Self.readToken(settings)
    fields = settings.mapping("fields").map(Self.readFields) ?? []
    settings.finish()
  }

  /// Whether the origin gets what the client sent.
  var isUnchanged: Bool { self == .unchanged }

  /// The claims that fields are made of.
  var claims: [String] {
    fields.compactMap { if case .claim(let name) = $0.fact { name } else { nil } }
  }

  private static func readToken(_ settings: SettingsReader) -> Token {
    guard let node = settings.node("token") else { return .pass }
    if case .mapping = node.value {
      guard let secret = settings.secret("token") else { return .pass }
      guard isBearerToken(secret.bytes) else {
        settings.fail(
          "token", "the domain's token is none: it holds other characters than a bearer token may",
          hint: "put the token alone into it, without `Bearer`")
        return .pass
      }
      return .replace(secret)
    }
    switch settings.string("token", default: "pass") {
    case "pass": return .pass
    case "remove": return .remove
    default:
      settings.fail(
        "token", "is none of the ways to forward a token",
        hint: "write pass, remove, or the domain's own token as { file: path } or { env: NAME }")
      return .pass
    }
  }

  /// b64token (RFC 6750 section 2.1).
  private static func isBearerToken(_ bytes: [UInt8]) -> Bool {
    let end = bytes.lastIndex { $0 != UInt8(ascii: "=") }.map { $0 + 1 } ?? 0
    return end > 0
      && bytes[..<end].allSatisfy { octet in
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~+/".utf8.contains(octet)
        }
      }
  }

  private static func readFields(_ reader: SettingsReader) -> [Field] {
    var fields: [Field] = []
    for (name, _) in reader.entries() {
      let text = reader.string(name, default: "")
      guard let fact = IdentityFact(text) else {
        reader.fail(
          name, "`\(text)` is no fact of a token",
          hint: "write one of \(IdentityFact.names.joined(separator: ", ")), or claim.NAME")
        continue
      }
      guard isFree(name) else {
        reader.fail(
          name, "is no name for a field of the origin's",
          hint: "write letters, digits and hyphens, such as X-User-Id; names that HTTP or the gateway uses are taken")
        continue
      }
      fields.append(Field(name: name, fact: fact))
    }
    checkTogether(fields, reader)
    return fields
  }

  private static func checkTogether(_ fields: [Field], _ reader: SettingsReader) {
    if fields.count > mostFields {
      reader.fail(nil, "names more than \(mostFields) fields", hint: "leave some out")
    }
    if Set(fields.compactMap { FieldNameLetters($0.name) }).count != fields.count {
      reader.fail(nil, "names a field twice: letter case and hyphens do not tell names apart", hint: "keep one of them")
    }
  }

  /// What HTTP and the gateway know, as a server reads it that drops the hyphens: `ContentLength` is no name of one's own
  /// either, and a client's `Content-Length` would be taken away for it.
  private static let taken = Set(FieldID.allCases.compactMap { FieldNameLetters($0.name.description) })

  /// Whether a field of that name means nothing to HTTP or the gateway.
  private static func isFree(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { octet in
      octet &- 0x30 < 10 || (octet | 0x20) &- 0x61 < 26 || octet == UInt8(ascii: "-")
    }
    guard isPlain, name.utf8.count <= longestName, let letters = FieldNameLetters(name) else { return false }
    return !taken.contains(letters)
  }
}
