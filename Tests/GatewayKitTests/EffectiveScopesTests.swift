import GatewayKit
import Testing

@Suite struct EffectiveScopesTests {
  private static let universe = ScopeUniverse(
    ["a.get", "a.post", "b.get"],
    groups: ["all.A": ["a.get", "a.post"], "all": ["all.A", "b.get"], "old": ["b.get"]],
    deprecated: ["old", "older"])

  private func identity(_ scopes: [String], kind: String = "") -> Identity {
    let print = Fingerprint(0, 0, 0, 0)
    return Identity(
      fingerprint: print, subject: "", kind: kind, issuer: "", tokenID: "", scopes: scopes, scopesFingerprint: print,
      expiry: .max)
  }

  private func names(_ scopes: [String]) -> [String] {
    Self.universe.names(of: Self.universe.widen(scopes).set).sorted()
  }

  @Test func groupsWidenOnce() {
    #expect(names(["all.A"]) == ["a.get", "a.post", "all.A"])
    // A member that names a group is a name and nothing more.
    #expect(names(["all"]) == ["all", "all.A", "b.get"])
    #expect(names(["old", "nothing"]) == ["b.get", "old"])
    #expect(names([]).isEmpty)
  }

  @Test func deprecatedGroupsAreTold() {
    let widened = Self.universe.widen(["a.get", "old", "older"])
    #expect(widened.deprecated == ["old", "older"] && widened.unknown == ["older"])
    let denying = ScopeUniverse(
      ["b.get", "old"], groups: ["old": ["b.get"]], deprecated: ["old"], honoursDeprecated: false)
    let denied = denying.widen(["old"])
    #expect(denied.set.isEmpty && denied.unknown == ["old"] && denied.deprecated == ["old"])
    #expect(identity(["old"]).effectiveScopes(in: denying).usesDeprecatedGroup)
    #expect(!identity(["b.get"]).effectiveScopes(in: denying).usesDeprecatedGroup)
  }

  @Test func aTokenIsCountedOnce() {
    let counter = CounterRegistry().counter("n", help: "")
    let scopes = identity(["old"]).effectiveScopes(in: Self.universe)
    for _ in 0..<3 { scopes.countDeprecated(counter) }
    identity(["a.get"]).effectiveScopes(in: Self.universe).countDeprecated(counter)
    #expect(counter.current == 1)
  }

  /// Who shares an answer has the same scopes, known or not, and the same kind.
  @Test func fingerprintsTellSetsApart() {
    let tokens: [([String], String)] = [
      ([], ""), (["a.get"], ""), (["a.get"], "oauth"), (["a.post"], ""), (["a.get", "a.post"], ""), (["all.A"], ""),
      (["all"], ""), (["x"], ""), (["a.get", "x"], ""), (["a.get", "y"], ""), (["x", "y"], ""), (["xy"], ""),
      ([], "x"), (["oauth"], "a.get"), (["a.get", "x", "y"], ""), (["y"], "x"),
    ]
    let prints = tokens.map { identity($0.0, kind: $0.1).effectiveScopes(in: Self.universe).fingerprint }
    #expect(Set(prints).count == tokens.count)
    // The order of names and a name twice do not matter.
    let again = identity(["y", "x", "a.get", "x"]).effectiveScopes(in: Self.universe).fingerprint
    #expect(again == prints[14])
    // The same bits of another universe are other scopes.
    let other = ScopeUniverse(["c.get", "c.post", "d.get", "all", "e", "f", "g"])
    #expect(identity(["c.get"]).effectiveScopes(in: other).fingerprint != prints[1])
  }

  @Test func aCatalogueSharesItsUniverse() throws {
    let json = #"""
      {"version":1,"name":"x","groups":{"g":["a","z"]},"operations":[
      {"id":"a","method":"GET","path":"/a","auth":"token","scopes":["a"],"alternatives":[["b","c"]]}]}
      """#
    let catalog = try OperationCatalog(json: Array(json.utf8), file: "c.json")
    let base = catalog.universe()
    #expect(base === catalog.universe(adding: ["a", "b", "c", "g", "z"]))
    let wider = catalog.universe(adding: ["new", "a"])
    #expect(wider !== base && wider === catalog.universe(adding: ["new"]))
    #expect(wider.knows("new") && !base.knows("new"))
    #expect(catalog.universe(honoursDeprecated: false) !== base)
  }

  @Test func manyThreadsSeeOneSet() async {
    let identity = identity(["all.A"])
    let universes = (0..<6).map { ScopeUniverse(["u\($0)", "all.A", "a.get"], groups: ["all.A": ["a.get"]]) }
    await withTaskGroup { tasks in
      for _ in 0..<8 {
        tasks.addTask {
          for round in 0..<2000 {
            let universe = universes[round % universes.count]
            let scopes = identity.effectiveScopes(in: universe)
            if scopes.universe !== universe || !scopes.set.contains(universe.set(of: ["a.get", "all.A"])) {
              Issue.record("another universe's set")
            }
          }
        }
      }
    }
  }
}
