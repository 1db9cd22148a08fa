import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

@Suite struct ShadowTests {
  /// What enforcing would refuse is counted under its reason, noted with the exchange, and goes on.
  @Test(arguments: [
    ("GET /things", ["thing.*"], "", "scope_insufficient"), ("GET /nowhere", ["all.User"], "", "operation_unknown"),
    ("POST /things", ["all.User"], "oauth", "oauth_token_denied"), ("GET /things", ["all.User"], "", nil),
    ("GET /open", [], "", nil),
  ])
  func refusalsAreNotEnforced(_ line: String, _ scopes: [String], _ kind: String, _ reason: String?) throws {
    let enforcing = try Rig(catalog: Catalog.small())
    let shadow = try Rig(["mode": ["shadow"]], catalog: Catalog.small())
    let identity = Rig.identity(scopes, kind: kind)
    #expect(try enforcing.judge(line, identity).text == reason ?? "next")
    let exchange = try shadow.exchange(line, identity)
    #expect(Judgement(shadow.filter.authorize(exchange), nil).text == "next")
    #expect(exchange.shadowReason?.text == reason)
    let counted = reason.map { ["gatehouse_scope_shadow_denials_total{reason=\"\($0)\"}": 1 as UInt64] }
    #expect(shadow.counted == counted ?? [:])
    #expect(enforcing.counted == [:])
  }

  @Test func withoutAToken() throws {
    let shadow = try Rig(["mode": ["shadow"]], catalog: Catalog.small())
    for _ in 0..<2 { #expect(try shadow.judge("GET /things", nil).text == "next") }
    #expect(shadow.counted == ["gatehouse_scope_shadow_denials_total{reason=\"token_missing\"}": 2])
  }

  /// A domain's shadow mode is an instance beside the floor's, which refuses all the same.
  @Test func theFloorIsNotLoosened() throws {
    let floor = try Rig(catalog: Catalog.small())
    let domain = try Rig(["mode": ["shadow"]], catalog: Catalog.small())
    let exchange = try floor.exchange("GET /things", Rig.identity([]))
    #expect(Judgement(floor.filter.authorize(exchange), nil).text == "scope_insufficient")
    // The settings differ, so the gateway makes two of it.
    #expect(floor.settings != domain.settings)
    // The first note stays when two would refuse.
    _ = domain.filter.authorize(exchange)
    #expect(exchange.shadowReason?.text == "scope_insufficient")
  }

  @Test func everyReasonHasACounter() throws {
    let shadow = try Rig(["mode": ["shadow"]], catalog: Catalog.small())
    let names = Set(shadow.counters.snapshot().map(\.key.labels))
    for reason in [
      "operation_unknown", "operation_denied", "security_unstated", "token_missing", "scope_insufficient",
      "oauth_token_denied",
    ] { #expect(names.contains("reason=\"\(reason)\"")) }
  }
}
