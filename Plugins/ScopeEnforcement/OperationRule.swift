import GatewayKit
import NIOCore

/// What an operation asks for, with the answers to those who do not have it.
final class OperationRule: Sendable {
  let operation: OperationCatalog.Operation
  let scopes: ScopeSet
  /// The answer to a token whose scopes do not allow the operation.
  let insufficient: Reply
  /// The answer to an OAuth token where none is taken.
  let oauthDenied: Reply

  init(_ operation: OperationCatalog.Operation, universe: ScopeUniverse) {
    self.operation = operation
    self.scopes = universe.set(of: operation.scopes)
    insufficient = InsufficientScope.reply(
      "\(operation.id) needs a token with one of the scopes", operation.scopes)
    oauthDenied = Reply(
      refusing: 403, "oauth_token_denied",
      message: "Access is forbidden: \(operation.id) takes no OAuth token; use a token of another kind")
  }
}
