import Authentication
import GatewayEngine
import GatewayKit
import HTTPWire
import NIOCore
import ScopeEnforcement

/// Judges one request as the gateway would, by the same code, and says why.
struct RequestExplanation {
  /// What came of it.
  struct Outcome {
    private(set) var lines: [String] = []
    /// Why the gateway refuses it, by what is judged first; nil when it does not.
    private(set) var refusal: String?

    var isAllowed: Bool { refusal == nil }

    mutating func say(_ name: String, _ text: String) {
      lines.append(name.padded(to: 14) + text)
    }

    mutating func refuse(_ status: UInt16, _ reason: String, _ why: String) {
      if refusal == nil { refusal = "refused: \(status) \(reason): \(why)" }
    }

    mutating func finish() { say("verdict", refusal ?? "allowed") }
  }

  let token: [UInt8]?
  private let generation: Generation
  private let domain: Int
  private let request: Result<RequestHead, WireError>
  private let destination: Generation.Destination?

  init(_ generation: Generation, domain: Int, token: [UInt8]?, method: String, path: String) {
    self.generation = generation
    self.domain = domain
    self.token = token
    request = Self.parse(method, path, generation.configuration)
    destination = (try? request.get()).flatMap { generation.destination(of: $0, inDomain: domain) }
  }

  /// A head with this method and path, as the gateway's parser reads it.
  private static func parse(
    _ method: String, _ path: String, _ configuration: GatewayConfiguration
  ) -> Result<RequestHead, WireError> {
    // What the parser would take for the end of the path or of the line.
    guard !(method + path).utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
      return .failure(WireError(.pathInvalid))
    }
    var bytes = ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\nHost: gateway\r\n\r\n")
    var parser = RequestHeadParser(
      limits: WireLimits(maxStartLine: configuration.limits.requestLine), mergeSlashes: configuration.mergesSlashes)
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

  private var authentications: [AuthenticationPlugin] {
    destination?.plugins.compactMap { $0 as? AuthenticationPlugin } ?? []
  }
}

// MARK: - The judgement

extension RequestExplanation {
  func judge(at wall: Int64) -> Outcome {
    var outcome = Outcome()
    look(at: wall, &outcome)
    outcome.finish()
    return outcome
  }

  private func look(at wall: Int64, _ outcome: inout Outcome) {
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
    let identity = authenticate(head, destination, at: wall, &outcome)
    judgeScopes(head, destination, identity, &outcome)
  }

  /// Who asks, or would ask if the token were good.
  private func authenticate(
    _ head: RequestHead, _ destination: Generation.Destination, at wall: Int64, _ outcome: inout Outcome
  ) -> Identity? {
    var identity: Identity?
    if authentications.isEmpty { outcome.say("token", "not looked at: the route has no `authentication`") }
    for plugin in authentications {
      let result = plugin.examine(token, of: head, at: wall, domain: destination.domain)
      identity = identity ?? result.verified ?? result.claimed
      if let verified = result.verified {
        outcome.say("token", TokenWords.describe(verified, now: wall))
        outcome.say("", "verified with the configured keys")
      } else if result.lacksKeys, let claimed = result.claimed {
        sayUnverified(claimed, wall, &outcome)
      } else if let refusal = result.refusal {
        sayRefused(refusal, result.claimed, wall, &outcome)
      } else {
        outcome.say("token", "none, which `missing: allow` takes")
      }
    }
    return identity
  }

  private func sayRefused(_ refusal: Reply, _ claimed: Identity?, _ wall: Int64, _ outcome: inout Outcome) {
    let reason = refusal.reason?.text ?? ""
    if let claimed {
      outcome.say("token", TokenWords.describe(claimed, now: wall))
      outcome.say("", "NOT VERIFIED: \(reason); this and what follows is what it says of itself")
    } else {
      outcome.say("token", token == nil ? "none" : "NOT VERIFIED: \(reason)")
    }
    outcome.refuse(refusal.status, reason, refusal.words)
  }

  private func sayUnverified(_ claimed: Identity, _ wall: Int64, _ outcome: inout Outcome) {
    outcome.say("token", TokenWords.describe(claimed, now: wall))
    outcome.say(
      "", "NOT VERIFIED: its keys are at an address that was not asked; --fetch-keys asks. Signature, issuer,")
    outcome.say("", "audience and domain were not judged: what follows holds only if they are good")
    if claimed.expiry <= wall { outcome.refuse(401, "token_expired", "it says that it has expired") }
  }

  private func judgeScopes(
    _ head: RequestHead, _ destination: Generation.Destination, _ identity: Identity?, _ outcome: inout Outcome
  ) {
    let policies = destination.plugins.compactMap { ($0 as? ScopeEnforcementPlugin)?.policy }
    if let identity { outcome.say("scopes", TokenWords.list(identity.scopes)) }
    if policies.isEmpty { outcome.say("operation", "not looked at: the route has no `scopes`") }
    for policy in policies {
      let found = policy.explain(head, identity)
      found.describe(policy, identity, &outcome)
      guard let refusal = found.refusal else { continue }
      let reason = refusal.reason?.text ?? ""
      if found.isShadow {
        outcome.say("shadow", "would be refused: \(refusal.status) \(reason); `mode: shadow` only counts and logs it")
      } else {
        outcome.refuse(refusal.status, reason, refusal.words)
      }
    }
  }
}
