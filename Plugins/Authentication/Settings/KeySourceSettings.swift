import GatewayKit

/// Where keys come from, as the settings say it.
struct KeySourceSettings: Sendable, Hashable {
  enum Origin: Sendable, Hashable {
    /// A key set in a file, read again when it changes.
    case file(String)
    /// A key set from the environment. It may hold secrets, so it is kept as one.
    case keySet(Secret)
    /// A key set at an address.
    case url(String)
    /// A public key in a file.
    case pem(String)
    /// A public key from the environment.
    case pemText(Secret)
    /// A shared secret.
    case secret(Secret)
    /// Nothing usable; the mistake is reported.
    case none
  }

  let origin: Origin
  /// What the keys are for when they do not say so themselves.
  let algorithm: SignatureAlgorithm?
  /// The key's name, for keys that do not bring one.
  let name: String?
  /// The only issuer that the keys speak for.
  let issuer: String?

  init(reading settings: SettingsReader) {
    let kinds = ["jwks", "pem", "secret"].filter(settings.has)
    algorithm = settings.has("algorithm") ? Self.readAlgorithm(settings) : nil
    switch kinds {
    case ["jwks"]: origin = KeyPlace.keySet(settings)
    case ["pem"]: origin = Self.publicKey(settings, algorithm)
    case ["secret"]: origin = Self.sharedSecret(settings, algorithm)
    default:
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

  private static func readAlgorithm(_ settings: SettingsReader) -> SignatureAlgorithm? {
    let found: [SignatureAlgorithm] = settings.choices("algorithm", default: [])
    if found.count == 1 { return found.first }
    if found.count > 1 {
      settings.fail("algorithm", "names several algorithms", hint: "a key is for one; make one key for each")
    }
    return nil
  }

  private static func publicKey(_ settings: SettingsReader, _ algorithm: SignatureAlgorithm?) -> Origin {
    let origin = KeyPlace.publicKey(settings)
    // A word that is not known was reported, and is not missing.
    if settings.has("algorithm"), algorithm == nil, settings.optionalString("algorithm")?.isEmpty == false {
      return .none
    }
    guard let algorithm, !algorithm.isSymmetric else {
      settings.fail(
        "algorithm", "a public key needs its algorithm", hint: "write algorithm: EdDSA, ES256, RS256 or the like")
      return .none
    }
    return origin
  }

  private static func sharedSecret(_ settings: SettingsReader, _ algorithm: SignatureAlgorithm?) -> Origin {
    let secret = settings.secret("secret")
    if let algorithm, !algorithm.isSymmetric {
      settings.fail(
        "algorithm", "a secret is for HS256, HS384 or HS512 only", hint: "write algorithm: HS256 or leave it out")
      return .none
    }
    guard let secret else { return .none }
    let shortest = (algorithm ?? .hs256).shortestSecret
    if secret.bytes.count < shortest {
      settings.fail(
        "secret", "is shorter than \(shortest) bytes (RFC 7518 section 3.2)",
        hint: "make one with `openssl rand -base64 \(shortest * 3 / 2)`")
    }
    return .secret(secret)
  }
}
