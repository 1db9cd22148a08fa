import Foundation
import GatewayKit

/// What the claims of a token must be like, by the settings of `authentication` on a route.
struct CanaryClaims {
  private var rules: [[String: ConfigNode]] = []

  /// - Parameter use: the plugins of the route.
  init(_ use: [UseEntry]) {
    for entry in use where entry.plugin == "authentication" { rules.append(CanarySettings.members(entry.settings)) }
  }

  func claims(of caller: CanaryCaller) -> [String: Any] {
    var claims: [String: Any] = [
      "sub": caller.mark, "jti": "\(caller.mark)-id", "exp": Int(Date().timeIntervalSince1970) + 3600,
      "subtype": "apiToken", "scope": caller.scopes,
    ]
    for rule in rules {
      if let issuer = CanarySettings.texts(rule["issuer"]).first { claims["iss"] = issuer }
      let audiences = CanarySettings.texts(rule["audience"])
      if !audiences.isEmpty { claims["aud"] = audiences }
      let text = { (key: String) in CanarySettings.texts(rule[key]).first }
      if let kind = text("kinds") { Self.set(kind, at: text("kind_claim") ?? "subtype", in: &claims) }
      if let claim = text("scope_claim") { Self.set(caller.scopes, at: claim, in: &claims) }
      if let claim = text("token_id_claim") { Self.set("\(caller.mark)-id", at: claim, in: &claims) }
      if let (claim, value) = Self.domainClaim(rule["domain_claim"], caller.domain) {
        Self.set(value, at: claim, in: &claims)
      }
    }
    return claims
  }

  private static func domainClaim(_ node: ConfigNode?, _ domain: String) -> (claim: String, value: String)? {
    guard let node else { return nil }
    if let claim = CanarySettings.texts(node).first { return (claim, domain) }
    let members = CanarySettings.members(node)
    guard let claim = CanarySettings.texts(members["claim"]).first else { return nil }
    let value = CanarySettings.texts(members["value"]).first ?? "{domain}"
    return (claim, value.replacing("{domain}", with: domain))
  }

  /// A name with dots is a way through objects.
  private static func set(_ value: Any, at name: String, in claims: inout [String: Any]) {
    let parts = name.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let first = parts.first else { return claims[name] = value }
    var inner = claims[String(first)] as? [String: Any] ?? [:]
    set(value, at: String(parts[1]), in: &inner)
    claims[String(first)] = inner
  }
}

/// Reads what settings hold, without judging it: the plugins do that.
enum CanarySettings {
  static func members(_ node: ConfigNode) -> [String: ConfigNode] {
    guard case .mapping(let entries) = node.value else { return [:] }
    return Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// One text, or a list of them.
  static func texts(_ node: ConfigNode?) -> [String] {
    switch node?.value {
    case .scalar(let text, _)?: [text]
    case .sequence(let items)?: items.flatMap { texts($0) }
    default: []
    }
  }
}
