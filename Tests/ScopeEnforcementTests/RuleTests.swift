import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

@Suite struct RuleTests {
  @Test func oneOfTheScopesIsEnough() throws {
    let rig = try Rig(catalog: Catalog.small())
    for scope in ["things.*", "things.get", "all.User"] {
      let judgement = try rig.judge("GET /things", Rig.identity([scope]))
      #expect(judgement.text == "next")
      #expect(judgement.operation == "things.get")
    }
  }

  @Test(arguments: [
    "things", "things.", "things.g", "thing.*", "THINGS.*", "things.**", "*", "all.*", "all", "all.User.read",
    "things.get ", "things\u{2E}post", "",
  ])
  func nothingElseIs(_ scope: String) throws {
    let judgement = try Rig(catalog: Catalog.small()).judge("GET /things", Rig.identity([scope]))
    #expect(judgement.text == "scope_insufficient")
    #expect(judgement.status == 403)
    #expect(
      judgement.fields
        == "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"things.* things.get all.User\"\r\n")
    #expect(judgement.message.contains("things.get needs a token with one of the scopes: things.*, things.get"))
    #expect(judgement.operation == "things.get")
  }

  @Test func headIsJudgedAsGet() throws {
    let rig = try Rig(catalog: Catalog.small())
    #expect(try rig.judge("HEAD /things", Rig.identity(["things.get"])).text == "next")
    #expect(try rig.judge("HEAD /things", Rig.identity(["thing.*"])).text == "scope_insufficient")
  }

  @Test func fixedSegmentsGoBeforeParameters() throws {
    let rig = try Rig(catalog: Catalog.small())
    #expect(try rig.judge("GET /things/special", Rig.identity(["thing.*"])).text == "scope_insufficient")
    #expect(try rig.judge("GET /things/special", Rig.identity(["special"])).text == "next")
    #expect(try rig.judge("GET /things/1", Rig.identity(["special"])).text == "scope_insufficient")
  }

  /// Each of these is another operation than it seems, or none; what is judged is what goes to the origin.
  @Test(arguments: [
    ("GET /things/x/../special", "things.special"), ("GET /things//special", "things.special"),
    ("GET /th%69ngs/special", "things.special"), ("GET /things/special/", "things.special"),
    ("GET /things/special%2Fx", "thing.get"), ("GET /things/./special?a=/things/1", "things.special"),
  ])
  func pathsInNormalForm(_ line: String, _ operation: String) throws {
    let judgement = try Rig(catalog: Catalog.small()).judge(line, Rig.identity([]))
    #expect(judgement.operation == operation)
    #expect(judgement.text == "scope_insufficient")
  }

  @Test(arguments: [
    "GET /", "GET /thing", "DELETE /things", "PUT /things", "OPTIONS /things", "OPTIONS *",
    "get /things", "GET /things/1/2", "GET /Things", "GETX /things",
  ])
  func whatIsNotListedIsDenied(_ line: String) throws {
    let judgement = try Rig(catalog: Catalog.small()).judge(line, Rig.identity(["all.User", "thing.*"]))
    #expect(judgement.text == "operation_unknown")
    #expect(judgement.status == 403)
    #expect(judgement.operation == nil)
  }

  @Test func whatIsNotListedCanBeAllowed() throws {
    let rig = try Rig(["unlisted": ["allow"]], catalog: Catalog.small())
    #expect(try rig.judge("GET /elsewhere", nil).text == "next")
    #expect(try rig.judge("GET /things", Rig.identity([])).text == "scope_insufficient")
    let bounded = try Rig(["unlisted": ["allow"], "any": ["extra"]], catalog: Catalog.small())
    #expect(try bounded.judge("GET /elsewhere", nil).text == "token_missing")
    #expect(try bounded.judge("GET /elsewhere", Rig.identity(["things.*"])).text == "scope_insufficient")
    #expect(try bounded.judge("GET /elsewhere", Rig.identity(["extra"])).text == "next")
  }

  @Test func withoutAToken() throws {
    let rig = try Rig(catalog: Catalog.small())
    let missing = try rig.judge("GET /things", nil)
    #expect(missing.text == "token_missing")
    #expect(missing.status == 401)
    #expect(missing.fields == "WWW-Authenticate: Bearer\r\n")
    #expect(try rig.judge("GET /open", nil).text == "next")
    #expect(try rig.judge("GET /open", Rig.identity([])).text == "next")
    let forbidding = try Rig(["missing_token": ["403"]], catalog: Catalog.small()).judge("GET /things", nil)
    #expect(forbidding.status == 403)
    #expect(forbidding.fields.isEmpty)
  }

  @Test(arguments: ["oauth", "oauthToken", "userOauthToken", "OAUTH", "ooauth", "oaoauth", "oauoauth"])
  func oauthTokens(_ kind: String) throws {
    let rig = try Rig(catalog: Catalog.small())
    let identity = Rig.identity(["things.*"], kind: kind)
    #expect(try rig.judge("POST /things", identity).text == "oauth_token_denied")
    #expect(try rig.judge("GET /things", identity).text == "next")
  }

  @Test(arguments: ["", "apiToken", "user", "oaut", "auth", "o.auth"]) func otherTokens(_ kind: String) throws {
    let rig = try Rig(catalog: Catalog.small())
    #expect(try rig.judge("POST /things", Rig.identity(["things.*"], kind: kind)).text == "next")
  }

  @Test func scopesOfTheRoute() throws {
    let any = try Rig(["any": ["x", "y"]], catalog: Catalog.small())
    #expect(try any.judge("GET /things", Rig.identity(["all.User"])).text == "scope_insufficient")
    #expect(try any.judge("GET /things", Rig.identity(["y"])).text == "scope_insufficient")
    #expect(try any.judge("GET /things", Rig.identity(["all.User", "y"])).text == "next")
    #expect(try any.judge("GET /open", nil).text == "token_missing")
    let all = try Rig(["all": ["x", "y"]], catalog: Catalog.small())
    #expect(try all.judge("GET /things", Rig.identity(["all.User", "y"])).text == "scope_insufficient")
    #expect(try all.judge("GET /things", Rig.identity(["all.User", "y", "x"])).text == "next")
  }

  @Test func belowAPath() throws {
    let rig = try Rig(["base_path": ["/api/v1"]], catalog: Catalog.small())
    #expect(try rig.judge("GET /api/v1/things", Rig.identity(["all.User"])).text == "next")
    #expect(try rig.judge("GET /things", Rig.identity(["all.User"])).text == "operation_unknown")
  }

  @Test(arguments: [
    (["operations": ["apo"]], "known catalogues: api, other"), (["operations": [""]], "is empty"),
    (["unlisted": ["maybe"]], "is not known here"), (["missing_token": ["404"]], "choose one of 401, 403"),
    (["base_path": ["api"]], "write a path"), (["base_path": ["/api/"]], "write a path"),
    (["base_path": ["/{x}"]], "write a path"), (["any": ["a b"]], "write a list"), (["all": [""]], "write a list"),
    (["scope": ["x"]], "unknown key"),
  ])
  func mistakesAreTold(_ settings: [String: [String]], _ text: String) throws {
    let catalog = try Catalog.small()
    let error = #expect(throws: ConfigurationError.self) { try Rig(settings, catalog: catalog) }
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "no error")")
  }
}
