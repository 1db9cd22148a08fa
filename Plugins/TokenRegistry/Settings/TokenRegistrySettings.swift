public import GatewayKit
import UserApiTokens

/// The settings of ``TokenRegistryPlugin``; its README lists them.
public struct TokenRegistrySettings: PluginSettings {
  /// What becomes of a token that the list does not hold and never held.
  enum Unlisted: String, Sendable, Hashable, CaseIterable {
    /// It is refused if it says that it is the list's owner's.
    case owner
    case deny, allow
  }

  let api: String
  let token: ServiceTokenSettings?
  let domain: String?
  let interval: Duration
  let unlisted: Unlisted
  /// Nil trusts a list of any age.
  let maxAge: Duration?
  let mostTokens: Int
  let fullEvery: Duration

  /// Reads the settings and reports what is wrong with them.
  public init(reading settings: SettingsReader) {
    api = Self.readAddress(settings)
    token = ServiceTokenSettings(settings)
    domain = Self.readDomain(settings)
    interval = settings.duration("interval", default: .seconds(10), in: .seconds(1) ... .seconds(3600))
    unlisted = settings.choice("unlisted", default: .owner)
    maxAge = settings.durationBound(
      "max_age", default: max(.seconds(300), interval * 3), in: .seconds(2) ... .seconds(30 * 86_400))
    mostTokens = settings.int("most_tokens", default: 100_000, in: 1...1_000_000)
    fullEvery = settings.duration("full_every", default: .seconds(60), in: .seconds(1) ... .seconds(86_400))
    if let maxAge, maxAge < interval * 2 {
      settings.fail(
        "max_age", "is shorter than two intervals: a list that is followed well would be given up",
        hint: "make it at least twice `interval`, or write unlimited")
    }
  }

  private static func readAddress(_ settings: SettingsReader) -> String {
    let address = settings.string("api", default: "https://api.losant.com")
    do throws(UserApiTokensError) {
      _ = try UserApiTokensClient.Configuration(baseURL: address)
      if address.lowercased().hasPrefix("http://"), !WebAddress.isLoopback(address.lowercased()) {
        settings.fail("api", "a token must not be sent over plain http", hint: "write an https address")
      }
    } catch {
      // The error names what is wrong in the words of the client library, never what the address holds.
      settings.fail(
        "api", "is no address of an API", hint: "write it like https://api.losant.com, without user name and query")
    }
    return address
  }

  private static func readDomain(_ settings: SettingsReader) -> String? {
    guard settings.has("domain") else { return nil }
    let domain = settings.requiredString("domain")
    if !domain.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
      settings.fail("domain", "is no domain name", hint: "write it like example.com, other letters in Punycode")
    }
    return domain
  }
}

/// The service token, and the file that it may be read from anew.
struct ServiceTokenSettings: Sendable, Hashable {
  let secret: Secret
  let file: String?

  /// Nil after reporting that there is none.
  init?(_ settings: SettingsReader) {
    guard settings.has("token") else {
      settings.fail(
        "token", "is missing: without a service token the list cannot be read",
        hint: "write token: { env: NAME } or token: { file: path }")
      return nil
    }
    guard let secret = settings.secret("token") else { return nil }
    guard let text = secret.text, !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      settings.fail(
        "token", "holds characters that no token can have, such as a blank or a line end",
        hint: "put the token into it and nothing else")
      return nil
    }
    self.secret = secret
    let source = settings.mapping("token")
    file = source?.has("file") == true ? source?.path("file") : nil
  }
}
