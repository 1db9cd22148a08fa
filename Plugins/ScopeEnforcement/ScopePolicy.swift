package import GatewayKit
package import HTTPWire
import NIOCore

/// The rules of one catalogue and one route's settings. Immutable, so all loops share it.
package final class ScopePolicy: Sendable {
  package let catalog: OperationCatalog
  package let universe: ScopeUniverse
  /// The rules of all operations, in the order of the catalogue.
  package let rules: [OperationRule]
  package let routeRule: RouteRule?
  package let allowsUnlisted: Bool
  /// Whether refusals are only counted and logged.
  package let isShadow: Bool
  /// What stands before the paths of an operation.
  private let basePath: String?
  /// The answer to a request without a token where one is needed.
  private let tokenMissing: Reply
  /// The answer to a request that is no operation of the catalogue.
  private let operationUnknown: Reply
  private let operations: PathTree<OperationRule>

  init(_ settings: ScopeEnforcementSettings, catalog: OperationCatalog) throws(PolicyProblem) {
    let universe = catalog.universe(
      adding: settings.any + settings.all, honoursDeprecated: settings.deprecated == .allow)
    let rules = catalog.operations.map {
      OperationRule($0, universe: universe, withoutSecurity: settings.withoutSecurity)
    }
    operations = try Self.tree(rules, basePath: settings.basePath)
    self.catalog = catalog
    self.universe = universe
    self.rules = rules
    basePath = settings.basePath
    routeRule = RouteRule(settings, universe: universe)
    allowsUnlisted = settings.unlisted == .allow
    isShadow = settings.mode == .shadow
    tokenMissing = Self.tokenMissing(settings.missingToken)
    operationUnknown = Reply(
      refusing: 403, "operation_unknown",
      message: "Access is forbidden: method and path are no operation of the API")
  }

  private static func tree(
    _ rules: [OperationRule], basePath: String?
  ) throws(PolicyProblem) -> PathTree<OperationRule> {
    var operations = PathTree<OperationRule>()
    for rule in rules {
      let operation = rule.operation
      for path in paths(of: operation, basePath: basePath)
      where !operations.insert(path, method: operation.method, rule) {
        throw PolicyProblem(message: "\(operation.id) has the method and path of another operation: \(path)")
      }
    }
    return operations
  }

  private static func paths(of operation: OperationCatalog.Operation, basePath: String?) -> [String] {
    (basePath.map { [$0] } ?? operation.basePaths).map { $0 + operation.pathTemplate }
  }

  /// The whole path templates of an operation.
  package func paths(of operation: OperationCatalog.Operation) -> [String] {
    Self.paths(of: operation, basePath: basePath)
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

// MARK: - Judging

extension ScopePolicy {
  /// The rule of the operation that the request asks for. A HEAD is judged as a GET.
  ///
  /// - Parameter request: lent, not changed: a copy's references would all be counted, as they would if a closure held it.
  package func rule(for request: inout RequestHead) -> OperationRule? {
    guard request.form != .asterisk else { return nil }
    let method = request.method
    if method == .other { return rule(ofOther: request) }
    let nameless = UnsafeRawBufferPointer(start: nil, count: 0)
    let match = request.withPath { operations.match(method, methodName: nameless, path: $0) }
    if case .found(let rule) = match { return rule }
    return nil
  }

  /// The same for a method that has a name only.
  private func rule(ofOther request: RequestHead) -> OperationRule? {
    let match = request.withMethodName { name in
      request.withPath { operations.match(.other, methodName: name, path: $0) }
    }
    if case .found(let rule) = match { return rule }
    return nil
  }

  /// Why the caller may not do it; nil when it may. The one place where this is decided, for requests and for `explain`.
  ///
  /// - Parameters:
  ///   - rule: of the operation; nil when the request is none.
  ///   - identity: who asks; nil without a token.
  ///   - scopes: the identity's, in ``universe``; nil without an identity.
  func refusal(_ rule: OperationRule?, _ identity: Identity?, _ scopes: EffectiveScopes?) -> Reply? {
    guard let rule else { return allowsUnlisted ? routeRefusal(scopes) : operationUnknown }
    switch rule.access {
    case .open: break
    case .nobody: return rule.denied
    case .token:
      guard let identity, let scopes else { return tokenMissing }
      if rule.operation.deniesOAuth, OAuthKind.isNamed(by: identity.kind) { return rule.oauthDenied }
      guard rule.isSatisfied(by: scopes.set) else { return rule.insufficient }
    }
    return routeRefusal(scopes)
  }

  private func routeRefusal(_ scopes: EffectiveScopes?) -> Reply? {
    guard let routeRule else { return nil }
    guard let scopes else { return tokenMissing }
    return routeRule.refusal(scopes.set)
  }
}

/// Why a catalogue cannot be enforced.
struct PolicyProblem: Error {
  let message: String
}
