import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

/// Facts are cached, decisions never: over random tokens, catalogues, routes and orders, an identity that many routes
/// have met is judged like one that no route has.
@Suite struct CachedIdentityTests {
  private struct Route {
    let rig: Rig
    let catalog: OperationCatalog
    let any: [String]
    let all: [String]
    let lines: [(exchange: Exchange, operation: OperationCatalog.Operation?)]
    let denies: Bool
  }

  private static let names = (0..<30).map { "s\($0)" }
  private static let kinds = ["", "apiToken", "userOauthToken", "device"]

  private func some(_ count: ClosedRange<Int>, _ pool: [String], _ random: inout SeededRandom) -> [String] {
    Array(Set((0..<Int.random(in: count, using: &random)).compactMap { _ in pool.randomElement(using: &random) }))
      .sorted()
  }

  private func catalog(_ number: Int, _ random: inout SeededRandom) -> OperationCatalog {
    let operations = (0..<12).map { index in
      let alternatives = (0..<Int.random(in: 0...2, using: &random)).map { _ in some(0...3, Self.names, &random) }
      return OperationCatalog.Operation(
        id: "o\(index)", method: "GET", pathTemplate: "/o\(index)", scopes: some(0...3, Self.names, &random),
        alternatives: alternatives, requiresToken: index != 0, deniesOAuth: index % 3 == 0)
    }
    var groups: [String: [String]] = [:]
    for index in 0..<3 { groups["g\(index)"] = some(1...8, Self.names + ["g0"], &random) }
    return OperationCatalog(name: "c\(number)", operations: operations, groups: groups, deprecatedGroups: ["g2"])
  }

  private func route(_ catalog: OperationCatalog, _ random: inout SeededRandom) throws -> Route {
    let any = Int.random(in: 0...3, using: &random) == 0 ? some(1...3, Self.names + ["extra"], &random) : []
    let all = Int.random(in: 0...3, using: &random) == 0 ? some(1...2, Self.names + ["g1"], &random) : []
    let denies = Bool.random(using: &random)
    var settings = ["deprecated": [denies ? "deny" : "allow"]]
    if !any.isEmpty { settings["any"] = any }
    if !all.isEmpty { settings["all"] = all }
    let rig = try Rig(settings, catalog: catalog)
    var lines = try catalog.operations.map { (try rig.exchange("GET \($0.pathTemplate)", nil), Optional($0)) }
    lines.append((try rig.exchange("GET /none", nil), nil))
    return Route(rig: rig, catalog: catalog, any: any, all: all, lines: lines, denies: denies)
  }

  /// The verdict by lists of texts.
  private func model(_ route: Route, _ operation: OperationCatalog.Operation?, _ identity: Identity) -> String {
    let counted = identity.scopes.filter { !route.denies || !route.catalog.deprecatedGroups.contains($0) }
    let widened = Set(counted + counted.flatMap { route.catalog.groups[$0] ?? [] })
    guard let operation else { return "operation_unknown" }
    if operation.requiresToken {
      if operation.scopes.isEmpty && operation.alternatives.isEmpty { return "operation_denied" }
      if operation.deniesOAuth, identity.kind == "userOauthToken" { return "oauth_token_denied" }
      guard
        operation.scopes.contains(where: widened.contains)
          || operation.alternatives.contains(where: { $0.allSatisfy(widened.contains) })
      else { return "scope_insufficient" }
    }
    if !route.any.isEmpty, !route.any.contains(where: widened.contains) { return "scope_insufficient" }
    return route.all.allSatisfy(widened.contains) ? "next" : "scope_insufficient"
  }

  private func verdict(_ route: Route, _ exchange: Exchange, _ identity: Identity) -> String {
    exchange.identity = identity
    switch route.rig.filter.authorize(exchange) {
    case .next: return "next"
    case .reply(let reply): return reply.reason?.text ?? ""
    case .wait: return "wait"
    }
  }

  @Test(arguments: 0..<4) func noCachedIdentityChangesAVerdict(seed: UInt64) throws {
    var random = SeededRandom(state: 100 + seed)
    var routes: [Route] = []
    for number in 0..<4 {
      let catalog = catalog(number, &random)
      for _ in 0..<4 { routes.append(try route(catalog, &random)) }
    }
    let tokens = (0..<200).map { number in
      let scopes = some(0...6, Self.names + ["g0", "g1", "g2", "extra", "foreign"], &random)
      let print = Fingerprint(UInt64(number), 0, 0, 0)
      return Identity(
        fingerprint: print, subject: "u", kind: Self.kinds[number % 4], issuer: "", tokenID: "", scopes: scopes,
        scopesFingerprint: print, expiry: Int64.random(in: 0 ... .max, using: &random))
    }
    var (judged, wrong) = (0, 0)
    var seen: Set<String> = []
    for _ in 0..<30_000 {
      guard let route = routes.randomElement(using: &random), let line = route.lines.randomElement(using: &random),
        let cached = tokens.randomElement(using: &random)
      else { continue }
      let fresh = Identity(
        fingerprint: cached.fingerprint, subject: "u", kind: cached.kind, issuer: "", tokenID: "",
        scopes: cached.scopes, scopesFingerprint: cached.scopesFingerprint, expiry: cached.expiry)
      let shared = verdict(route, line.exchange, cached)
      if shared != verdict(route, line.exchange, fresh) || shared != model(route, line.operation, cached) { wrong += 1 }
      judged += 2
      seen.insert(shared)
    }
    #expect(wrong == 0)
    #expect(judged == 60_000)
    #expect(seen.isSuperset(of: ["next", "operation_unknown", "oauth_token_denied", "scope_insufficient"]))
  }
}
