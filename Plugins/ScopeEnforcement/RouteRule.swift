import GatewayKit

/// The scopes that a route asks for on top of what its operations do.
package struct RouteRule: Sendable {
  /// One of these, unless there is none.
  package let anyNames: [String]
  /// All of these.
  package let allNames: [String]
  private let any: ScopeSet?
  private let all: ScopeSet?
  private let anyMissing: Reply
  private let allMissing: Reply

  /// nil when the settings ask for none.
  init?(_ settings: ScopeEnforcementSettings, universe: ScopeUniverse) {
    if settings.any.isEmpty && settings.all.isEmpty { return nil }
    anyNames = settings.any
    allNames = settings.all
    any = settings.any.isEmpty ? nil : universe.set(of: settings.any)
    all = settings.all.isEmpty ? nil : universe.set(of: settings.all)
    anyMissing = InsufficientScope.reply("this route needs a token with one of the scopes", settings.any)
    allMissing = InsufficientScope.reply("this route needs a token with all of the scopes", settings.all)
  }

  /// The answer to scopes that are not enough; nil when they are.
  func refusal(_ scopes: ScopeSet) -> Reply? {
    if let any, !any.intersects(scopes) { return anyMissing }
    if let all, !scopes.contains(all) { return allMissing }
    return nil
  }
}
