import GatewayKit

/// Where keys come from, as the settings say it.
struct KeySourceSettings: Sendable, Hashable {
  enum Origin: Sendable, Hashable {
    /// A key set in a file.
    case file(String)
    /// A key set at an address.
    case url(String)
    /// A public key in a file.
    case pem(String, SignatureAlgorithm)
    /// A shared secret.
    case secret(Secret)
    /// Nothing usable; the mistake is reported.
    case none
  }

  let origin: Origin
  /// The key's name, for keys that do not bring one.
  let name: String?
  /// The only issuer that the keys speak for.
  let issuer: String?

  init(reading settings: SettingsReader) {
    let kinds = ["jwks", "pem", "secret"].filter(settings.has)
    switch kinds {
    case ["jwks"]: origin = Self.keySet(settings)
    case ["pem"]: origin = Self.publicKey(settings)
    case ["secret"]: origin = Self.sharedSecret(settings)
    default:
      _ = (settings.path("jwks"), settings.path("pem"), settings.secret("secret"))
      settings.fail(
        nil, kinds.isEmpty ? "names no keys" : "names keys in several ways",
        hint: "write one of { jwks: file or URL }, { pem: file, algorithm: ES256 }, { secret: { file: path } }")
      origin = .none
    }
    name = kinds == ["jwks"] ? nil : settings.optionalString("kid")
    issuer = settings.optionalString("issuer")
    if settings.has("issuer"), (issuer ?? "").isEmpty {
      settings.fail("issuer", "names nothing", hint: "name the issuer that the keys speak for, or leave `issuer` out")
    }
    settings.finish()
  }

  private static func keySet(_ settings: SettingsReader) -> Origin {
    guard let text = settings.optionalString("jwks") else {
      settings.fail("jwks", "is empty", hint: "name a file or an https address")
      return .none
    }
    if text.hasPrefix("http"), authority(of: text).contains("@") {
      settings.fail("jwks", "an address must not hold a password", hint: "leave out what stands before the @")
      return .none
    }
    if text.hasPrefix("https://") { return .url(text) }
    if text.hasPrefix("http://") {
      if isLoopback(text) { return .url(text) }
      settings.fail("jwks", "keys must not come over plain http", hint: "write an https address")
      return .none
    }
    return settings.path("jwks").map { .file($0) } ?? .none
  }

  private static func publicKey(_ settings: SettingsReader) -> Origin {
    let file = settings.path("pem")
    let algorithm = settings.choice("algorithm", default: SignatureAlgorithm.hs256)
    guard algorithm != .hs256 else {
      settings.fail(
        "algorithm", "a public key needs its algorithm", hint: "write algorithm: EdDSA, ES256 or RS256")
      return .none
    }
    return file.map { .pem($0, algorithm) } ?? .none
  }

  private static func sharedSecret(_ settings: SettingsReader) -> Origin {
    let secret = settings.secret("secret")
    if settings.choice("algorithm", default: SignatureAlgorithm.hs256) != .hs256 {
      settings.fail("algorithm", "a secret is for HS256 only", hint: "write algorithm: HS256 or leave it out")
    }
    guard let secret else { return .none }
    if secret.bytes.count < KeyMaterial.shortestSecret {
      settings.fail(
        "secret", "is shorter than \(KeyMaterial.shortestSecret) bytes (RFC 7518 section 3.2)",
        hint: "make one with `openssl rand -base64 48`")
    }
    return .secret(secret)
  }

  static func authority(of url: String) -> Substring {
    let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
    return rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
  }

  /// Whether the address is this machine, by its own name or number, not by what a resolver says.
  static func isLoopback(_ url: String) -> Bool {
    let authority = authority(of: url)
    if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
    let host = authority.prefix { $0 != ":" }
    if host == "localhost" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
