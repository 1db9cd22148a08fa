import Authentication
import GatewayEngine
import GatewayKit
import HTTPWire

extension RequestExplanation {
  /// Who asks, as far as it can be told.
  struct Caller {
    var identity: Identity?
    /// Whether the scopes that the gateway would judge are somebody's to tell who was not asked.
    var isToldByOthers = false
  }

  /// Who asks, or would ask if the token were good.
  func caller(
    _ head: RequestHead, _ destination: Generation.Destination, at wall: Int64, _ outcome: inout ExplanationOutcome
  ) -> Caller {
    var caller = Caller()
    if authentications.isEmpty { outcome.say("token", "not looked at: the route has no `authentication`") }
    for plugin in authentications {
      let found = plugin.examine(token, of: head, at: wall, domain: destination.domain)
      if caller.identity == nil, !caller.isToldByOthers {
        caller = Caller(identity: found.verified ?? found.claimed, isToldByOthers: found.isToldByOthers)
      }
      describe(found, at: wall, &outcome)
      for unasked in found.unasked { outcome.allow(onlyIf: unasked.condition) }
      if let refusal = found.refusal { outcome.refuse(refusal.status, refusal.reason?.text ?? "", refusal.words) }
    }
    return caller
  }

  private func describe(_ found: TokenExamination, at wall: Int64, _ outcome: inout ExplanationOutcome) {
    if let identity = found.verified ?? found.claimed {
      outcome.say("token", TokenWords.describe(identity, now: wall))
      outcome.say("", found.verified == nil ? found.doubt : "verified with the configured keys")
    } else if found.refusal != nil || !found.unasked.isEmpty {
      outcome.say("token", found.isWithoutToken ? "none" : found.doubt)
    } else {
      outcome.say("token", "none, which `missing: allow` takes")
    }
    for unasked in found.unasked { outcome.say("", unasked.words) }
  }
}

extension TokenExamination {
  /// Whether the scopes that count are in an answer that was not asked for.
  fileprivate var isToldByOthers: Bool {
    unasked.contains { if case .introspection(_, let tellsClaims) = $0 { tellsClaims } else { false } }
  }

  fileprivate var isWithoutToken: Bool { refusal?.reason == "token_missing" || refusal?.reason == "token_in_query" }

  fileprivate var doubt: String {
    let reason = refusal?.reason.map { ": \($0.text)" } ?? ""
    return "NOT VERIFIED\(reason)\(claimed == nil ? "" : "; this is what it says of itself")"
  }
}

extension TokenExamination.Unasked {
  fileprivate var words: String {
    switch self {
    case .keys: "its keys are at an address that was not asked; --fetch-keys asks"
    case .introspection(let name, true): "\(name) was not asked, and its answer says who the caller is"
    case .introspection(let name, false): "\(name) was not asked"
    }
  }

  fileprivate var condition: String {
    switch self {
    case .keys: "signature and claims are good"
    case .introspection(let name, true): "\(name) says that the token is good and has scopes that do"
    case .introspection(let name, false): "\(name) says that the token is good"
    }
  }
}
