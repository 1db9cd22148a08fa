import GatewayKit
import HTTPWire
import NIOCore

/// The rules of one catalogue and one route's settings. Immutable, so all loops share it.
final class ScopePolicy: Sendable {
  let universe: ScopeUniverse
  let routeRule: RouteRule?
  let allowsUnlisted: Bool
  /// The answer to a request without a token where one is needed.
  let tokenMissing: Reply
  /// The answer to a request that is no operation of the catalogue.
  let operationUnknown: Reply
  private let operations: PathTree<OperationRule>

  init(_ settings: ScopeEnforcementSettings, catalog: OperationCatalog) throws(PolicyProblem) {
    let universe = ScopeUniverse(catalog.operations.flatMap(\.scopes) + settings.any + settings.all)
    var operations = PathTree<OperationRule>()
    for operation in catalog.operations {
      let rule = OperationRule(operation, universe: universe)
      guard operations.insert(settings.basePath + operation.pathTemplate, method: operation.method, rule) else {
        throw PolicyProblem(message: "\(operation.id) has the method and path of another operation")
      }
    }
    self.universe = universe
    self.operations = operations
    routeRule = RouteRule(settings, universe: universe)
    allowsUnlisted = settings.unlisted == .allow
    tokenMissing = Self.tokenMissing(settings.missingToken)
    operationUnknown = Reply(
      refusing: 403, "operation_unknown",
      message: "Access is forbidden: method and path are no operation of the API")
  }

  /// The rule of the operation that the request asks for. A HEAD is judged as a GET.
  func rule(for request: RequestHead) -> OperationRule? {
    guard request.form != .asterisk else { return nil }
    let match = request.withMethodName { name in
      request.withPath { operations.match(request.method, methodName: name, path: $0) }
    }
    if case .found(let rule) = match { return rule }
    return nil
  }

  private static func tokenMissing(_ status: ScopeEnforcementSettings.MissingToken) -> Reply {
    switch status {
    case .forbidden: Reply(refusing: 403, "token_missing", message: "Access is forbidden")
    case .unauthorized:
      Reply(
        refusing: 401, "token_missing", message: "A token is needed: send Authorization: Bearer <token>",
        fields: ByteBuffer(string: "WWW-Authenticate: Bearer\r\n"))
    }
  }
}

/// Why a catalogue cannot be enforced.
struct PolicyProblem: Error {
  let message: String
}
