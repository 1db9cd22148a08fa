import Crypto
import Foundation

/// Somebody who does not exist, with a token and a name that nobody else's answers may hold.
struct CanaryCaller: Sendable {
  /// What sets callers apart.
  enum Kind: String, Sendable, CaseIterable {
    case first, second
    /// With further scopes.
    case wider
    /// Whose token allows nothing.
    case powerless
    case anonymous
    /// Of another domain, with the same rights there.
    case foreign
  }

  let kind: Kind
  let domain: String
  /// Stands in the token and in every answer of an origin that sees who asks.
  let mark: String
  /// The scopes of the token.
  let scopes: [String]

  init(_ kind: Kind, domain: String, scopes: [String]) {
    self.kind = kind
    self.domain = domain
    mark = "canary-\(kind.rawValue)-\(String(UInt64.random(in: (1 << 60)...UInt64.max), radix: 16))"
    switch kind {
    case .wider: self.scopes = scopes + ["canary.wider"]
    case .powerless: self.scopes = ["canary.powerless"]
    default: self.scopes = scopes
    }
  }

  var hasToken: Bool { kind != .anonymous }
}

/// Signs the callers' tokens (RFC 7515, HS256) with a key that only this run knows.
struct CanaryTokens {
  let secret: String
  private let key: SymmetricKey

  init() {
    let bytes = (0..<48).map { _ in UInt8.random(in: 0...255) }
    secret = Data(bytes).base64EncodedString()
    key = SymmetricKey(data: Data(secret.utf8))
  }

  func token(of caller: CanaryCaller, _ rules: CanaryClaims) throws -> String {
    let head = Self.encoded(Data(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
    let claims = try JSONSerialization.data(withJSONObject: rules.claims(of: caller), options: [.sortedKeys])
    let signed = "\(head).\(Self.encoded(claims))"
    let signature = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: key)
    return "\(signed).\(Self.encoded(Data(signature)))"
  }

  /// Base64 for addresses, without padding (RFC 4648 section 5).
  private static func encoded(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// What such a token says, as text; nil for what is none.
  static func claims(of token: Substring) -> String? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    var text = parts[1].replacing("-", with: "+").replacing("_", with: "/")
    while text.count % 4 != 0 { text.append("=") }
    return Data(base64Encoded: String(text)).map { String(decoding: $0, as: UTF8.self) }
  }
}
