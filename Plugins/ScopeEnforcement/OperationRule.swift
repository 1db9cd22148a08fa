package import GatewayKit

/// What an operation asks for, with the answers to those who do not have it.
package final class OperationRule: Sendable {
  /// Who may call an operation at all.
  package enum Access: Sendable, Hashable {
    /// Everybody, with or without a token.
    case open
    /// Whose token satisfies the rule.
    case token
    /// No token allows it.
    case nobody
  }

  package let operation: OperationCatalog.Operation
  package let access: Access
  /// The answer to a token whose scopes do not allow the operation.
  let insufficient: Reply
  /// The answer to an OAuth token where none is taken.
  let oauthDenied: Reply
  /// The answer where no token allows the operation.
  let denied: Reply
  private let acceptsAnyToken: Bool
  /// One of these is enough.
  private let single: ScopeSet
  /// All of one of these are enough.
  private let several: [ScopeSet]

  init(
    _ operation: OperationCatalog.Operation, universe: ScopeUniverse,
    withoutSecurity: ScopeEnforcementSettings.WithoutSecurity
  ) {
    let wanted = WantedScopes(operation)
    self.operation = operation
    access = Self.access(operation, withoutSecurity)
    acceptsAnyToken = wanted.acceptsAnyToken || !operation.statesSecurity
    single = universe.set(of: wanted.single)
    several = wanted.several.map { universe.set(of: $0) }
    insufficient = InsufficientScope.reply("\(operation.id) needs a token with \(wanted.words)", wanted.shortest)
    oauthDenied = Reply(
      refusing: 403, "oauth_token_denied",
      message: "Access is forbidden: \(operation.id) takes no OAuth token; use a token of another kind")
    denied = Self.denied(operation)
  }

  /// Whether a token with these scopes may call the operation.
  func isSatisfied(by scopes: ScopeSet) -> Bool {
    if acceptsAnyToken || single.intersects(scopes) { return true }
    for index in several.indices where scopes.contains(several[index]) { return true }
    return false
  }

  private static func access(
    _ operation: OperationCatalog.Operation, _ withoutSecurity: ScopeEnforcementSettings.WithoutSecurity
  ) -> Access {
    if operation.isDeniedToAll { return .nobody }
    guard !operation.statesSecurity else { return operation.requiresToken ? .token : .open }
    switch withoutSecurity {
    case .deny: return .nobody
    case .token: return .token
    case .allow: return .open
    }
  }

  private static func denied(_ operation: OperationCatalog.Operation) -> Reply {
    if !operation.statesSecurity {
      return Reply(
        refusing: 403, "security_unstated",
        message: "Access is forbidden: the API's description does not say who may call \(operation.id)")
    }
    return Reply(
      refusing: 403, "operation_denied",
      message: "Access is forbidden: \(operation.id) needs a credential that this gateway cannot verify")
  }
}
