import Foundation
import Testing

@testable import GatewayKit
@testable import ScopeEnforcement

/// Every operation of the API against a naive reading of the same JSON.
@Suite struct CatalogTests {
  private static let groups = [
    "all.User", "all.User.read", "all.User.bounded", "all.User.cli", "only.User", "all.Application", "all.Device",
    "all.Organization.read", "all.Instance", "all.Application.cli",
  ]

  /// A path that fits the template, with values that could be taken for something else.
  private static func path(_ template: String, _ random: inout SeededRandom) -> String {
    let values = ["0123456789abcdef01234567", "special", "tokens", "a%2Fb", "devices", "x.y", "-", "~"]
    return template.split(separator: "/").map { segment in
      segment.hasPrefix("{") ? "/" + (values.randomElement(using: &random) ?? "x") : "/\(segment)"
    }.joined()
  }

  /// What the JSON says of a request, without a tree: fixed segments before parameters, from the left.
  private static func lookup(
    _ operations: [Catalog.Plain.Operation], _ method: String, _ path: String
  ) -> Catalog.Plain.Operation? {
    let segments = path.split(separator: "/")
    let fitting = operations.filter { operation in
      let template = operation.path.split(separator: "/")
      return operation.method == method && template.count == segments.count
        && zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    func rank(_ operation: Catalog.Plain.Operation) -> String {
      String(operation.path.split(separator: "/").map { $0.hasPrefix("{") ? "1" : "0" as Character })
    }
    return fitting.min { rank($0) < rank($1) }
  }

  @Test func everyVerdictIsTheNaiveOne() throws {
    let operations = try Catalog.plain()
    #expect(operations.count == 380)
    let rig = try Rig(catalog: Catalog.real())
    let names = Array(Set(operations.flatMap(\.scopes))).sorted()
    var random = SeededRandom(state: 1)
    var verdicts: [String: Int] = [:]
    for operation in operations {
      for round in 0..<12 {
        var scopes = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in names.randomElement(using: &random) }
        if round % 3 == 0 { scopes += [Self.groups.randomElement(using: &random) ?? ""] }
        if round % 4 == 1 { scopes += [operation.scopes.randomElement(using: &random) ?? ""] }
        let path = Self.path(operation.path, &random)
        let wanted = try #require(Self.lookup(operations, operation.method, path))
        let isAllowed = wanted.auth == "none" || !Set(wanted.scopes).isDisjoint(with: scopes)
        let judgement = try rig.judge("\(operation.method) \(path)", Rig.identity(scopes))
        #expect(judgement.operation == wanted.id, "\(operation.method) \(path)")
        #expect(judgement.text == (isAllowed ? "next" : "scope_insufficient"), "\(wanted.id) with \(scopes)")
        verdicts[judgement.text, default: 0] += 1
      }
    }
    // Both verdicts were seen often, so the comparison was not an empty one.
    #expect(verdicts["next", default: 0] > 500)
    #expect(verdicts["scope_insufficient", default: 0] > 500)
  }

  @Test func withoutATokenAndWithOAuth() throws {
    let rig = try Rig(catalog: Catalog.real())
    var random = SeededRandom(state: 2)
    var counts = (free: 0, denied: 0)
    for operation in try Catalog.plain() {
      let line = "\(operation.method) \(Self.path(operation.path, &random))"
      let found = try rig.judge(line, Rig.identity(["all.User"]))
      let id = try #require(found.operation)
      let own = try #require(Catalog.byID[id])
      #expect(try rig.judge(line, nil).text == (own.auth == "none" ? "next" : "token_missing"))
      let oauth = try rig.judge(line, Rig.identity(["all.User"], kind: "oauth")).text
      #expect(oauth == (own.denyOauth == true ? "oauth_token_denied" : "next"))
      counts.free += own.auth == "none" ? 1 : 0
      counts.denied += own.denyOauth == true ? 1 : 0
    }
    #expect(counts.free == 9)
    #expect(counts.denied == 6)
  }

  /// Facts are cached, decisions never: one identity meets many operations in any order, and every verdict is that of
  /// its own request.
  @Test func oneIdentityIsJudgedAnewEachTime() throws {
    let operations = try Catalog.plain()
    let (first, second) = (try Rig(catalog: Catalog.real()), try Rig(["any": ["all.User"]], catalog: Catalog.real()))
    let names = Array(Set(operations.flatMap(\.scopes))).sorted()
    var random = SeededRandom(state: 3)
    for _ in 0..<40 {
      let scopes = (0..<4).compactMap { _ in names.randomElement(using: &random) } + ["devices.get"]
      let identity = Rig.identity(scopes)
      for _ in 0..<25 {
        let operation = try #require(operations.randomElement(using: &random))
        let line = "\(operation.method) \(operation.path.replacing(/\{\w+\}/) { _ in "0123456789abcdef01234567" })"
        let isAllowed = operation.auth == "none" || !Set(operation.scopes).isDisjoint(with: scopes)
        #expect(try first.judge(line, identity).text == (isAllowed ? "next" : "scope_insufficient"))
        let isAllowedThere = isAllowed && scopes.contains("all.User")
        #expect(try second.judge(line, identity).text == (isAllowedThere ? "next" : "scope_insufficient"))
      }
    }
  }

  @Test func theListOfScopesIsBounded() throws {
    let rig = try Rig(catalog: Catalog.real())
    var random = SeededRandom(state: 4)
    for operation in try Catalog.plain() where operation.auth != "none" {
      let judgement = try rig.judge("\(operation.method) \(Self.path(operation.path, &random))", Rig.identity([]))
      #expect(judgement.fields.utf8.count < InsufficientScope.longestList + 80)
      #expect(judgement.fields.hasSuffix("\"\r\n"))
    }
  }
}

extension Catalog {
  static let byID: [String: Plain.Operation] = {
    guard let operations = try? plain() else { return [:] }
    return Dictionary(operations.map { ($0.id, $0) }) { first, _ in first }
  }()
}
