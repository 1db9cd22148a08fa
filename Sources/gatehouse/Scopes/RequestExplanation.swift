import AccessLog
import Authentication
import GatewayEngine
import GatewayKit
import HTTPWire
import NIOCore
import RequestID
import ResponseCaching
import ScopeEnforcement
import TokenRegistry

/// Judges one request as the gateway would, by the same code, and says why.
struct RequestExplanation {
  let token: [UInt8]?
  private let generation: Generation
  private let domain: Int
  private let request: Result<RequestHead, WireError>
  private let destination: Generation.Destination?

  init(_ generation: Generation, domain: Int, token: [UInt8]?, method: String, path: String) {
    self.generation = generation
    self.domain = domain
    self.token = token
    request = Self.parse(
      method, path, longest: generation.configuration.limits.requestLine,
      mergesSlashes: generation.configuration.mergesSlashes)
    destination = (try? request.get()).flatMap { generation.destination(of: $0, inDomain: domain) }
  }

  /// A head with this method and path, as the gateway's parser reads it.
  static func parse(
    _ method: String, _ path: String, longest: Int = 8 << 10, mergesSlashes: Bool = true
  ) -> Result<RequestHead, WireError> {
    // What the parser would take for the end of the path or of the line.
    guard !(method + path).utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
      return .failure(WireError(.pathInvalid))
    }
    var bytes = ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\nHost: gateway\r\n\r\n")
    var parser = RequestHeadParser(
      limits: WireLimits(maxStartLine: longest), mergeSlashes: mergesSlashes)
    var head = RequestHead()
    do throws(WireError) {
      guard try parser.parse(&bytes, into: &head) else { return .failure(WireError(.pathInvalid)) }
      return .success(head)
    } catch {
      return .failure(error)
    }
  }

  /// Lets the plugins of the route fetch the keys they have at addresses.
  func fetchKeys() async throws {
    for plugin in authentications {
      do {
        try await plugin.start()
      } catch {
        throw ExplainError(message: "\(error)")
      }
    }
  }

  func end() async {
    for plugin in authentications { await plugin.shutdown() }
  }

  var authentications: [AuthenticationPlugin] {
    destination?.plugins.compactMap { $0 as? AuthenticationPlugin } ?? []
  }
}

// MARK: - The judgement

extension RequestExplanation {
  func judge(at wall: Int64) -> ExplanationOutcome {
    var outcome = ExplanationOutcome()
    look(at: wall, &outcome)
    outcome.finish()
    return outcome
  }

  private func look(at wall: Int64, _ outcome: inout ExplanationOutcome) {
    outcome.say("domain", generation.domainFacts(at: domain).name)
    let head: RequestHead
    switch request {
    case .success(let parsed): head = parsed
    case .failure(let error):
      return outcome.refuse(error.status, "\(error.reason)", "\(error.message)")
    }
    outcome.say("path", head.withPath { String(decoding: $0, as: UTF8.self) })
    guard let destination else {
      return outcome.refuse(404, "route_unknown", "no route of the domain takes it")
    }
    outcome.say("route", "\(destination.route.methods) \(destination.route.pattern)")
    let caller = caller(head, destination, at: wall, &outcome)
    judgeScopes(head, destination, caller, &outcome)
    sayUnasked(destination, &outcome)
  }

  private func judgeScopes(
    _ head: RequestHead, _ destination: Generation.Destination, _ caller: Caller, _ outcome: inout ExplanationOutcome
  ) {
    let policies = destination.plugins.compactMap { ($0 as? ScopeEnforcementPlugin)?.policy }
    if let identity = caller.identity { outcome.say("scopes", TokenWords.list(identity.scopes)) }
    if policies.isEmpty { outcome.say("operation", "not looked at: the route has no `scopes`") }
    for policy in policies {
      let found = policy.explain(head, caller.identity)
      found.describe(policy, caller.identity, &outcome)
      guard let refusal = found.refusal else { continue }
      let reason = refusal.reason?.text ?? ""
      if found.isShadow {
        outcome.say("shadow", "would be refused: \(refusal.status) \(reason); `mode: shadow` only counts and logs it")
      } else if caller.isToldByOthers, refusal.isAboutToken {
        outcome.say("", "refused by what is known here: \(refusal.status) \(reason)")
      } else {
        outcome.refuse(refusal.status, reason, refusal.words)
      }
    }
  }

  /// Names what was not asked and may refuse the request too.
  private func sayUnasked(_ destination: Generation.Destination, _ outcome: inout ExplanationOutcome) {
    let ids = destination.plugins.map { type(of: $0).descriptor.id }
    let judged = [AuthenticationPlugin.descriptor.id, ScopeEnforcementPlugin.descriptor.id]
    var unasked = ids.filter { !(judged + Self.neverRefusing).contains($0) }.map { "`\($0)`" }
    if token != nil, !authentications.isEmpty, generation.configuration.revocations.file == nil {
      unasked.append("what is revoked at a running gateway (`gatehouse tokens revoked`)")
    }
    if !unasked.isEmpty { outcome.say("not asked", unasked.joined(separator: ", ")) }
    if token != nil, ids.contains(TokenRegistryPlugin.descriptor.id) {
      outcome.allow(onlyIf: "`token-registry` has it as active")
    }
  }

  /// Plugins that let every request through.
  private static let neverRefusing = [
    RequestIDPlugin.descriptor.id, AccessLogPlugin.descriptor.id, ResponseCachingPlugin.descriptor.id,
  ]
}

extension Reply {
  /// Whether another token would have another answer.
  fileprivate var isAboutToken: Bool {
    reason == "token_missing" || reason == "scope_insufficient" || reason == "oauth_token_denied"
  }
}
