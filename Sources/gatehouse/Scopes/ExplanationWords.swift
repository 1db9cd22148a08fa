import Foundation
import GatewayKit
import ScopeEnforcement

/// Facts of a token in words.
enum TokenWords {
  /// How many names of a list are shown.
  private static let mostNames = 12

  static func describe(_ identity: Identity, now: Int64) -> String {
    var parts: [String] = []
    parts.append("subject \(identity.subject.isEmpty ? "none" : shown(identity.subject))")
    if !identity.kind.isEmpty { parts.append("kind \(shown(identity.kind))") }
    if !identity.issuer.isEmpty { parts.append("issuer \(shown(identity.issuer))") }
    parts.append(expiry(identity.expiry, now: now))
    return parts.joined(separator: ", ")
  }

  private static func expiry(_ expiry: Int64, now: Int64) -> String {
    if expiry == .max { return "never expires" }
    let date = Date(timeIntervalSince1970: Double(expiry / 1_000_000_000)).formatted(.iso8601)
    return expiry <= now ? "expired \(date)" : "expires \(date)"
  }

  /// The first names of a list, and how many there are.
  static func list(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let more = names.count > mostNames ? " and \(names.count - mostNames) more" : ""
    return names.prefix(mostNames).map(shown).joined(separator: ", ") + more
  }

  /// A text that a peer chose, fit for a terminal.
  private static func shown(_ text: String) -> String { Display.text(text, limit: 200) }
}

extension ScopeExplanation {
  func describe(_ policy: ScopePolicy, _ identity: Identity?, _ outcome: inout ExplanationOutcome) {
    let name = operation.map { "\($0.id) (\($0.method) \($0.pathTemplate))" } ?? "none"
    outcome.say("operation", "\(name) of the catalogue \(policy.catalog.name)")
    for (index, text) in wants.enumerated() { outcome.say(index == 0 ? "wants" : "", text) }
    if let widened {
      outcome.say("widened", "\(widened.count) of \(policy.universe.count) known: \(TokenWords.list(widened))")
      if !unknown.isEmpty { outcome.say("", "unknown to the catalogue: \(TokenWords.list(unknown))") }
      if !deprecated.isEmpty { outcome.say("", "deprecated groups: \(TokenWords.list(deprecated))") }
    }
    if !sufficient.isEmpty { outcome.say("satisfied by", TokenWords.list(sufficient)) }
  }
}

extension Reply {
  /// What the answer says to the client.
  var words: String {
    if case .error(_, let message) = content { message } else { "" }
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
