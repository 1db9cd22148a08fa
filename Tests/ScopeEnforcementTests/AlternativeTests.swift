import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

/// Operations that can be allowed in several ways, and those that nobody may call.
@Suite struct AlternativeTests {
  private func operation(
    _ id: String, scopes: [String] = [], _ alternatives: [[String]], open: Bool = false, stated: Bool = true,
    unverifiable: [String] = [], bases: [String] = [""]
  ) -> OperationCatalog.Operation {
    OperationCatalog.Operation(
      id: id, method: "GET", pathTemplate: "/\(id)", basePaths: bases, scopes: scopes, alternatives: alternatives,
      requiresToken: !open, deniesOAuth: false, statesSecurity: stated, unverifiable: unverifiable)
  }

  private func rig(_ settings: [String: [String]] = [:]) throws -> Rig {
    try Rig(
      settings,
      catalog: OperationCatalog(
        name: "ways",
        operations: [
          operation("two", [["a", "b"], ["c", "d", "e"]]), operation("mixed", scopes: ["x"], [["a", "b"]]),
          operation("any", [[]]), operation("nobody", [], unverifiable: ["key (apiKey)"]),
          operation("silent", [], stated: false), operation("open", [], open: true),
          operation("based", scopes: ["x"], [], bases: ["/v1", "/v2"]),
        ]))
  }

  @Test(arguments: [
    ("two", ["a"], "scope_insufficient"), ("two", ["a", "b"], "next"), ("two", ["a", "c", "d"], "scope_insufficient"),
    ("two", ["c", "d", "e"], "next"), ("two", ["a", "b", "z"], "next"), ("mixed", ["x"], "next"),
    ("mixed", ["a"], "scope_insufficient"), ("mixed", ["b", "a"], "next"), ("any", [], "next"), ("any", ["z"], "next"),
    ("nobody", ["a", "b", "x"], "operation_denied"), ("silent", ["a"], "security_unstated"), ("open", [], "next"),
  ])
  func waysToBeAllowed(_ path: String, _ scopes: [String], _ expected: String) throws {
    #expect(try rig().judge("GET /\(path)", Rig.identity(scopes)).text == expected)
  }

  @Test(arguments: [
    ("two", "token_missing"), ("any", "token_missing"), ("nobody", "operation_denied"), ("silent", "security_unstated"),
    ("open", "next"),
  ])
  func withoutAToken(_ path: String, _ expected: String) throws {
    #expect(try rig().judge("GET /\(path)", nil).text == expected)
  }

  @Test func theShortestWayIsNamed() throws {
    let two = try rig().judge("GET /two", Rig.identity([]))
    #expect(two.fields == "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"a b\"\r\n")
    #expect(two.message.contains("two needs a token with all of the scopes: a, b"))
    let mixed = try rig().judge("GET /mixed", Rig.identity([]))
    #expect(mixed.fields.hasSuffix("scope=\"x\"\r\n") && mixed.message.contains("one of the scopes: x"))
  }

  @Test func whatTheDocumentDoesNotSay() throws {
    let token = try rig(["without_security": ["token"]])
    #expect(try token.judge("GET /silent", nil).text == "token_missing")
    #expect(try token.judge("GET /silent", Rig.identity([])).text == "next")
    let open = try rig(["without_security": ["allow"]])
    #expect(try open.judge("GET /silent", nil).text == "next")
    // It says nothing of what the document does say.
    #expect(try open.judge("GET /nobody", Rig.identity([])).text == "operation_denied")
  }

  @Test func basePathsOfTheDocument() throws {
    let identity = Rig.identity(["x"])
    #expect(try rig().judge("GET /v1/based", identity).text == "next")
    #expect(try rig().judge("GET /v2/based", identity).text == "next")
    #expect(try rig().judge("GET /based", identity).text == "operation_unknown")
    let replaced = try rig(["base_path": ["/api"]])
    #expect(try replaced.judge("GET /api/based", identity).text == "next")
    #expect(try replaced.judge("GET /v1/based", identity).text == "operation_unknown")
    #expect(try rig(["base_path": ["/"]]).judge("GET /based", identity).text == "next")
  }

  @Test func basePathsThatMeetAreAMistake() {
    let catalog = OperationCatalog(
      name: "clash",
      operations: [
        OperationCatalog.Operation(
          id: "one", method: "GET", pathTemplate: "/x/{a}", basePaths: ["", "/v"], scopes: ["x"], requiresToken: true,
          deniesOAuth: false),
        OperationCatalog.Operation(
          id: "two", method: "GET", pathTemplate: "/v/x/{b}", scopes: ["x"], requiresToken: true, deniesOAuth: false),
      ])
    let error = #expect(throws: ConfigurationError.self) { try Rig(catalog: catalog) }
    #expect(error?.description.contains("two has the method and path of another operation") == true)
  }

  @Test func explanationsAgreeWithVerdicts() throws {
    let rig = try rig(["all": ["r"]])
    for path in ["two", "mixed", "any", "nobody", "silent", "open", "based", "elsewhere"] {
      for scopes in [[], ["a", "b"], ["a", "b", "r"], ["r"], ["x", "r", "foreign"]] {
        for identity in [nil, Rig.identity(scopes)] {
          let exchange = try rig.exchange("GET /\(path)", identity)
          let verdict = Judgement(rig.filter.authorize(exchange), nil).text
          let explanation = rig.policy.explain(exchange.request, identity)
          #expect(explanation.refusal?.reason?.text ?? "next" == verdict)
          #expect(explanation.operation?.id == exchange.operation?.id)
          #expect(explanation.unknown == (identity?.scopes.contains("foreign") == true ? ["foreign"] : []))
        }
      }
    }
    let two = try rig.exchange("GET /two", nil)
    let explanation = rig.policy.explain(two.request, Rig.identity(["a", "b", "r"]))
    #expect(explanation.sufficient == ["a", "b"])
    #expect(explanation.wants == ["all of a, b; or all of c, d, e", "the route: all of r"])
    #expect(rig.policy.unknownRuleNames == ["r"])
  }
}
