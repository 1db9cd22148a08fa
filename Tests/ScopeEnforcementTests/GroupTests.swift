import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

/// Groups as literal lists, deprecated ones among them.
@Suite struct GroupTests {
  static func catalog() throws -> OperationCatalog {
    let json = #"""
      {"version":1,"name":"groups","groups":{"all.A":["a.get","a.post"],"nested":["all.A"],"old":["a.get"]},
      "deprecatedGroups":["old","older"],"operations":[
      {"id":"a.get","method":"GET","path":"/a","auth":"token","scopes":["a.get"]},
      {"id":"a.post","method":"POST","path":"/a","auth":"token","scopes":["a.post","older"]},
      {"id":"b.get","method":"GET","path":"/b","auth":"token","scopes":["b.get"]}]}
      """#
    return try OperationCatalog(json: Array(json.utf8), file: "groups.json")
  }

  @Test func groupsWidenOnceAndNoFurther() throws {
    let rig = try Rig(catalog: Self.catalog())
    #expect(try rig.judge("GET /a", Rig.identity(["all.A"])).text == "next")
    #expect(try rig.judge("POST /a", Rig.identity(["all.A"])).text == "next")
    #expect(try rig.judge("GET /b", Rig.identity(["all.A"])).text == "scope_insufficient")
    #expect(try rig.judge("GET /a", Rig.identity(["nested"])).text == "scope_insufficient")
  }

  @Test func deprecatedGroupsBySetting() throws {
    let allowing = try Rig(catalog: Self.catalog())
    let old = Rig.identity(["old"])
    for _ in 0..<3 { #expect(try allowing.judge("GET /a", old).text == "next") }
    #expect(try allowing.judge("POST /a", Rig.identity(["older"])).text == "next")
    #expect(allowing.counted == ["gatehouse_scope_deprecated_tokens_total": 2])

    let denying = try Rig(["deprecated": ["deny"]], catalog: Self.catalog())
    #expect(try denying.judge("GET /a", old).text == "scope_insufficient")
    // Listed by an operation or not: a denied group counts for nothing.
    #expect(try denying.judge("POST /a", Rig.identity(["older"])).text == "scope_insufficient")
    #expect(try denying.judge("GET /a", Rig.identity(["old", "a.get"])).text == "next")
    #expect(denying.counted == ["gatehouse_scope_deprecated_tokens_total": 3])
  }

  @Test func routesAskForGroupsAndMembers() throws {
    let group = try Rig(["all": ["all.A"]], catalog: Self.catalog())
    #expect(try group.judge("GET /a", Rig.identity(["all.A"])).text == "next")
    #expect(try group.judge("GET /a", Rig.identity(["a.get", "a.post"])).text == "scope_insufficient")
    let member = try Rig(["all": ["a.post"]], catalog: Self.catalog())
    #expect(try member.judge("GET /a", Rig.identity(["all.A"])).text == "next")
  }

  /// What the cache shares answers by is told to it, whatever the verdict.
  @Test func theExchangeHasTheScopes() throws {
    let rig = try Rig(catalog: Self.catalog())
    for line in ["GET /a", "GET /b", "GET /none"] {
      let identity = Rig.identity(["all.A"])
      let exchange = try rig.exchange(line, identity)
      _ = rig.filter.authorize(exchange)
      #expect(exchange.effectiveScopes === identity.effectiveScopes(in: rig.policy.universe))
    }
    let nobody = try rig.exchange("GET /a", nil)
    _ = rig.filter.authorize(nobody)
    #expect(nobody.effectiveScopes == nil)
  }

  /// Random groups over the whole catalogue of the API, against lists of texts.
  @Test func everyVerdictIsThatOfLists() throws {
    let plain = try Catalog.real()
    let names = Array(Set(plain.operations.flatMap(\.scopes))).sorted()
    var random = SeededRandom(state: 5)
    for round in 0..<6 {
      var groups: [String: [String]] = [:]
      for number in 0..<8 {
        let members = Set(
          (0..<Int.random(in: 1...40, using: &random)).compactMap { _ in names.randomElement(using: &random) })
        groups["group.\(number)"] =
          members.sorted() + (number % 2 == 0 ? ["group.\(number + 1)", "private.\(number)"] : [])
      }
      let deprecated: Set = ["group.0", "group.5"]
      let catalog = OperationCatalog(
        name: "model", operations: plain.operations, groups: groups, deprecatedGroups: deprecated)
      let denies = round % 2 == 1
      let rig = try Rig(["deprecated": [denies ? "deny" : "allow"]], catalog: catalog)
      var counts = (allowed: 0, refused: 0)
      for operation in plain.operations where operation.requiresToken {
        let line =
          "\(operation.method) \(operation.pathTemplate.replacing(/\{\w+\}/) { _ in "0123456789abcdef01234567" })"
        let exchange = try rig.exchange(line, nil)
        for _ in 0..<20 {
          let pool = Bool.random(using: &random) ? names : groups.keys.sorted()
          let scopes = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in pool.randomElement(using: &random)
          }
          let counted = scopes.filter { !denies || !deprecated.contains($0) }
          let widened = counted + counted.flatMap { groups[$0] ?? [] }
          let isAllowed = operation.scopes.contains { widened.contains($0) }
          exchange.identity = Rig.identity(scopes)
          let judgement = Judgement(rig.filter.authorize(exchange), exchange.operation?.id)
          if judgement.operation != operation.id || judgement.text != (isAllowed ? "next" : "scope_insufficient") {
            Issue.record("\(operation.id) with \(scopes): \(judgement.text)")
          }
          if isAllowed { counts.allowed += 1 } else { counts.refused += 1 }
        }
      }
      #expect(counts.allowed > 100 && counts.refused > 100)
    }
  }
}
