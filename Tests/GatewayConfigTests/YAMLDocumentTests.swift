import GatewayKit
import Testing

@Suite struct YAMLDocumentTests {
  @Test func anAliasStandsForItsValue() throws {
    let loaded = try parse(
      configuration(
        [4: "domains:"],
        more: """
            - { name: a.test, upstream: &u api, use: &use [{ cache: { ttl: 1s } }] }
            - { name: b.test, upstream: *u, use: *use }
          """))
    #expect(loaded.domains[1].upstream == "api")
    #expect(loaded.domains[0].use == loaded.domains[1].use)
  }

  @Test func starsStayInTexts() throws {
    let loaded = try parse(
      configuration([
        4:
          "domains: [{ name: a.test, upstream: api, routes: [{ match: { path: /a/* } }, { match: { path: \"/*\" } }] }]"
      ]))
    #expect(loaded.domains[0].routes.map(\.path) == ["/a/*", "/*"])
  }

  @Test func aLaterAnchorReplacesAnEarlierOne() throws {
    let loaded = try parse(
      configuration([4: "domains: [{ name: &n a.test, upstream: &n api }, { name: b.test, upstream: *n }]"]))
    #expect(loaded.domains[1].upstream == "api")
  }

  /// Ten anchors, each a list of ten aliases of the one before.
  private static func bomb(asKey: Bool) -> String {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...10 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    return text + (asKey ? "{ *a10 : 1, [*a10, *a10]: 2, ? *a10 }\n" : "")
  }

  @Test func aliasesOfAliasesAreRefused() {
    let found = issues(Self.bomb(asKey: false))
    #expect(found.count == 1)
    #expect(found.first?.message.contains("aliases expand to more than 100000 values") == true, "\(found)")
    #expect(found.first?.position?.line == 5)
  }

  @Test func aliasesOfAliasesInKeysCostNothing() {
    let text = Self.bomb(asKey: false)
    let lines = text.split(separator: "\n").map(String.init)
    let inKeys = lines.enumerated().map { "k\($0.offset): { \($0.offset == 0 ? "x" : "[*a\($0.offset - 1)]"): 1 }" }
    for bomb in [text + "k: { [*a10]: 1 }", text + "k: { *a10 : 1 }", (lines + inKeys).joined(separator: "\n")] {
      #expect(!issues(bomb).isEmpty)
    }
  }

  @Test func anAliasCannotHoldItself() {
    #expect(issues("a: &a [*a]").contains { $0.message.contains("stands for nothing") })
  }

  @Test func aChainOfAliasesIsNoWayAroundTheDepth() {
    let chain = (1...60).map { "a\($0): &a\($0) [*a\($0 - 1)]" }
    let found = issues((["a0: &a0 [x]"] + chain).joined(separator: "\n"))
    #expect(found.contains { $0.message.contains("nested deeper than 32 levels") }, "\(found)")
  }

  @Test(arguments: [33, 500, 5_000, 200_000])
  func depthIsBounded(_ depth: Int) {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("{", "}"), ("[[]: ", "]")] {
      let text = "a:\n " + String(repeating: open, count: depth) + "x" + String(repeating: close, count: depth)
      #expect(!issues(text).isEmpty)
    }
  }

  @Test func theDepthThatIsAllowedIsRead() {
    let text = configuration(more: "defaults: { use: [p: \(nested(28))] }")
    #expect(issues(text) == [])
    let deeper = configuration(more: "defaults: { use: [p: \(nested(29))] }")
    #expect(issues(deeper).map(\.message) == ["nested deeper than 32 levels"])
  }

  /// A mapping with so many levels, the innermost value counted.
  private func nested(_ levels: Int) -> String {
    String(repeating: "{ a: ", count: levels - 1) + "x" + String(repeating: " }", count: levels - 1)
  }

  @Test func aTextThatIsTooLargeIsRefused() {
    let found = issues("#" + String(repeating: "x", count: 16 << 20))
    #expect(found.map(\.message) == ["the text is larger than 16MB"])
  }

  @Test(arguments: ["", "\n", "# nothing\n", "---\n"])
  func anEmptyTextIsRefused(_ text: String) {
    #expect(!issues(text).isEmpty)
  }

  @Test(arguments: ["just text", "[1, 2]", "- a"])
  func aRootThatIsNoMappingIsRefused(_ text: String) {
    #expect(issues(text).contains { $0.message.contains("expected a mapping") })
  }

  @Test func aByteOrderMarkAndOtherLineEndsDoNotMatter() {
    #expect(issues("\u{FEFF}" + configuration()) == [])
    let lines = configuration(more: "zzz: 1").replacing("\n", with: "\r\n")
    #expect(issues(lines).map(\.position?.line) == [5])
  }

  @Test func columnsCountUnicodeScalars() {
    #expect(issues(configuration(more: "log: { \"é€😀\": 1, zzz: 2 }")).map(\.position?.column) == [8, 18])
  }

  @Test func aSecondKeyFarBelowIsFound() {
    let found = issues(configuration(more: "log:\n  level: info\n\n# text\n\"version\": 1"))
    #expect(found.map(\.position?.line) == [9])
    #expect(found.first?.message.contains("first at line 1") == true)
  }
}
