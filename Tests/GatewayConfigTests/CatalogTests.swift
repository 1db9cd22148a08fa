import Foundation
import GatewayKit
import Testing

@Suite struct ShippedCatalogTests {
  private let catalog: OperationCatalog

  init() throws {
    catalog = try OperationCatalog(path: shippedFolder.appending(path: "catalogs/losant.json").path)
  }

  @Test func hasEveryOperation() {
    #expect(catalog.name == "losant")
    #expect(catalog.operations.count == 380)
    #expect(catalog.operations.count { !$0.requiresToken } == 9)
    #expect(catalog.operations.count { $0.deniesOAuth } == 6)
    #expect(Set(catalog.operations.map(\.id)).count == 380)
    #expect(Set(catalog.operations.map { "\($0.method) \($0.pathTemplate)" }).count == 380)
    let methods = Dictionary(grouping: catalog.operations, by: \.method).mapValues(\.count)
    #expect(methods == ["GET": 174, "POST": 102, "PATCH": 57, "DELETE": 47])
  }

  /// The groups with how many operations accept them: in all, and by method.
  @Test(arguments: [
    ("all.Application", [244, 104, 73, 35, 32]), ("all.Application.bounded", [241, 104, 72, 34, 31]),
    ("all.Application.cli", [36, 16, 8, 8, 4]), ("all.Application.read", [113, 100, 13, 0, 0]),
    ("all.Device", [18, 11, 7, 0, 0]), ("all.Device.read", [14, 11, 3, 0, 0]),
    ("all.Instance", [61, 35, 10, 8, 8]), ("all.Instance.bounded", [49, 35, 5, 5, 4]),
    ("all.Instance.read", [35, 34, 1, 0, 0]), ("all.Organization", [268, 115, 78, 39, 36]),
    ("all.Organization.bounded", [260, 115, 76, 36, 33]), ("all.Organization.read", [124, 111, 13, 0, 0]),
    ("all.User", [371, 171, 96, 57, 47]), ("all.User.bounded", [331, 170, 83, 41, 37]),
    ("all.User.cli", [37, 17, 8, 8, 4]), ("all.User.read", [179, 165, 14, 0, 0]),
    ("only.Organization", [24, 11, 5, 4, 4]), ("only.Organization.bounded", [19, 11, 4, 2, 2]),
    ("only.Organization.read", [11, 11, 0, 0, 0]), ("only.User", [42, 21, 8, 10, 3]),
    ("only.User.bounded", [22, 20, 2, 0, 0]), ("only.User.read", [20, 20, 0, 0, 0]),
  ])
  func groupsAllowWhatTheyShould(group: String, counts: [Int]) {
    let allowed = catalog.operations.filter { $0.scopes.contains(group) }
    let byMethod = ["GET", "POST", "PATCH", "DELETE"].map { method in allowed.count { $0.method == method } }
    #expect([allowed.count] + byMethod == counts)
  }

  @Test func theTokenActionsHaveTheirScopes() throws {
    let post = try #require(catalog.operations.first { $0.id == "userApiTokens.post" })
    #expect(post.method == "POST" && post.pathTemplate == "/me/tokens" && post.requiresToken && post.deniesOAuth)
    #expect(post.scopes == ["all.User", "only.User", "userApiTokens.*", "userApiTokens.post"])
    let get = try #require(catalog.operations.first { $0.id == "userApiToken.get" })
    #expect(get.pathTemplate == "/me/tokens/{apiTokenId}" && !get.deniesOAuth)
    #expect(get.scopes.count == 8 && get.scopes.contains("userApiToken.*") && !get.scopes.contains("userApiTokens.*"))
  }

  /// What shows tokens has a tag, and what changes them purges it.
  @Test(arguments: ["user", "application", "instance"]) func tokensAreTagged(owner: String) {
    let operations = catalog.operations.filter { $0.id.hasPrefix("\(owner)ApiToken") }
    #expect(operations.count == 5)
    for operation in operations {
      let tags = [Array("\(owner)-tokens".utf8)]
      #expect(operation.method == "GET" ? operation.tags == tags : operation.purges == tags, "\(operation.id)")
      #expect(operation.method == "GET" ? operation.purges.isEmpty : operation.tags.isEmpty, "\(operation.id)")
    }
  }
}

@Suite struct OperationCatalogTests {
  private static let right = #"{"id":"a.get","method":"GET","path":"/a/{id}","auth":"token","scopes":["a.*"]}"#

  private func issues(_ operations: String, head: String = #""version":1,"name":"x""#) -> [String] {
    do {
      _ = try OperationCatalog(json: Array("{\(head),\"operations\":[\(operations)]}".utf8), file: "c.json")
      return []
    } catch {
      return error.issues.map(\.description)
    }
  }

  @Test func aRightCatalogueIsRead() throws {
    let catalog = try OperationCatalog(
      json: Array(#"{"version":1,"name":"x","source":"s","operations":[\#(Self.right)]}"#.utf8), file: "c.json")
    let operation = try #require(catalog.operations.first)
    #expect(catalog.operations.count == 1)
    #expect(operation.id == "a.get" && operation.method == "GET" && operation.pathTemplate == "/a/{id}")
    #expect(operation.scopes == ["a.*"] && operation.alternatives.isEmpty && operation.basePaths == [""])
    #expect(operation.requiresToken && !operation.deniesOAuth && operation.statesSecurity && !operation.isDeniedToAll)
  }

  @Test func groupsAndAlternativesAreRead() throws {
    let json = #"""
      {"version":1,"name":"x","groups":{"all.A":["a.get","a.post"]},"deprecatedGroups":["old"],"operations":[
      {"id":"a.post","method":"POST","path":"/a","auth":"token","scopes":[],"alternatives":[["a.post","b"],["c"]]}]}
      """#
    let catalog = try OperationCatalog(json: Array(json.utf8), file: "c.json")
    #expect(catalog.groups == ["all.A": ["a.get", "a.post"]] && catalog.deprecatedGroups == ["old"])
    #expect(catalog.operations.first?.alternatives == [["a.post", "b"], ["c"]])
  }

  @Test(arguments: [
    (#""groups":{"g":[]}"#, "groups.g: a group without scopes"), (#""groups":{"":["a"]}"#, "a group without a name"),
    (#""groups":{"g":["a","a"]}"#, "groups.g: a scope stands twice"),
    (#""groups":["g"]"#, "groups: is of the wrong type"),
    (#""deprecatedGroups":"g""#, "deprecatedGroups: is of the wrong type"),
    (#""deprecatedGroups":[""]"#, "deprecatedGroups: an empty scope"),
  ])
  func aWrongGroupIsTold(member: String, message: String) {
    let found = issues(Self.right, head: #""version":1,"name":"x",\#(member)"#)
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test(arguments: [
    (#"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":["s"],"x":1}"#, "operations[0].x: unknown member"),
    (#"{"id":"a","method":"GET","path":"/a","auth":"token"}"#, "operations[0].scopes: is missing"),
    (
      #"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":"s"}"#,
      "operations[0].scopes: is of the wrong type"
    ),
    (#"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":[]}"#, "nobody could be allowed"),
    (#"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":[""]}"#, "an empty scope"),
    (
      #"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":[],"alternatives":[["s",""]]}"#,
      "operations[0].alternatives[0]: an empty scope"
    ),
    (
      #"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":["s"],"alternatives":["s"]}"#,
      "alternatives: is of the wrong type"
    ),
    (#"{"id":"a","method":"GET","path":"/a","auth":"token","scopes":["s","s"]}"#, "stands twice"),
    (#"{"id":"a","method":"GET","path":"/a","auth":"maybe","scopes":["s"]}"#, "neither none nor token"),
    (#"{"id":"a","method":"get","path":"/a","auth":"none","scopes":[]}"#, "operations[0].method: is no method"),
    (#"{"id":"","method":"GET","path":"/a","auth":"none","scopes":[]}"#, "operations[0].id: is empty"),
    (#"{"id":"a","method":"GET","path":"a","auth":"none","scopes":[]}"#, "operations[0].path"),
    (#"{"id":"a","method":"GET","path":"/a/{}","auth":"none","scopes":[]}"#, "operations[0].path"),
    (
      #"{"id":"a","method":"GET","path":"/a","auth":"none","scopes":[],"denyOauth":"yes"}"#,
      "denyOauth: is of the wrong"
    ),
    (#"{"id":"a","method":"GET","path":"/a","auth":"none","scopes":[],"tags":"t"}"#, "tags: is of the wrong type"),
    (#"{"id":"a","method":"GET","path":"/a","auth":"none","scopes":[],"tags":["a b"]}"#, "[0].tags: a name that is no"),
    (
      #"{"id":"a","method":"PUT","path":"/a","auth":"none","scopes":[],"purges":[""]}"#, "[0].purges: a name that is no"
    ),
    (#"{"id":"b","method":"GET","path":"/a/{x}","auth":"none","scopes":[]}"#, "same method and path"),
    (#"{"id":"a.get","method":"GET","path":"/b","auth":"none","scopes":[]}"#, "is the id of operations"),
    ("7", "operations: is of the wrong type"),
  ])
  func aWrongOperationIsTold(operation: String, message: String) {
    let pair = message.contains("same method") || message.contains("is the id")
    let found = issues(pair ? "\(Self.right),\(operation)" : operation)
    #expect(found.count == 1, "\(found)")
    #expect(found.allSatisfy { $0.hasPrefix("c.json:1:1: error: ") && $0.contains(message) }, "\(found)")
  }

  @Test func allMistakesAreToldAtOnce() {
    let wrong = #"{"id":"b","method":"get","path":"b","auth":"x","scopes":[]}"#
    #expect(issues(wrong, head: #""version":2,"name":"x","extra":1"#).count == 5)
  }

  @Test(arguments: ["", "[]", "{", "null", "{\"operations\":", "\u{FF}", String(repeating: "[", count: 100_000)])
  func whatIsNoCatalogueIsRefused(_ text: String) {
    #expect(throws: ConfigurationError.self) { try OperationCatalog(json: Array(text.utf8), file: "c.json") }
  }

  @Test func anEmptyCatalogueIsRefused() {
    #expect(issues("").count == 1)
  }

  @Test func aMissingFileIsTold() {
    #expect(throws: ConfigurationError.self) { try OperationCatalog(path: "/nowhere/c.json") }
  }
}
