import Testing

@testable import GatewayEngine

@Suite struct DomainTableTests {
  private func look(up name: String, in table: DomainTable) -> DomainTable.Found? {
    var name = name
    return name.withUTF8 { table.look(up: UnsafeRawBufferPointer($0)) }
  }

  @Test func tellsTheFirstNameFromTheOthers() {
    let table = DomainTable([("one.test", 0), ("api.one.test", 0), ("two.test", 1)], seed: 7)
    #expect(look(up: "one.test", in: table) == .init(domain: 0, isExactName: true))
    #expect(look(up: "One.test", in: table) == .init(domain: 0, isExactName: false))
    #expect(look(up: "api.one.test", in: table) == .init(domain: 0, isExactName: false))
    #expect(look(up: "two.test", in: table) == .init(domain: 1, isExactName: true))
    for other in ["", "one.tes", "one.test.", "ne.test", "one.tesT\0", "one\u{0E}test", "ONE\u{4E}TEST"] {
      #expect(look(up: other, in: table) == nil, "\(other)")
    }
  }

  /// `@[` and the like differ from other characters by the same bit that letters of two cases differ by.
  @Test func foldsLettersOnly() {
    let table = DomainTable([("a-1.test", 0)], seed: 7)
    #expect(look(up: "A-1.TEST", in: table)?.domain == 0)
    for other in ["a\r1.test", "a-\u{11}.test", "a-1\u{0E}test"] { #expect(look(up: other, in: table) == nil) }
  }

  @Test func findsEachOfManyNames() {
    let names = (0..<70_000).map { (name: "tenant-\($0).example", domain: $0) }
    let table = DomainTable(names, seed: 42)
    #expect(names.allSatisfy { look(up: $0.name, in: table) == .init(domain: $0.domain, isExactName: true) })
    #expect((70_000..<140_000).allSatisfy { look(up: "tenant-\($0).example", in: table) == nil })
  }

  @Test func takesNamesOfEveryLength() {
    let long = String(repeating: "a", count: 65_535)
    let table = DomainTable([(long, 0), (long + "a", 1), ("", 2), ("b", 3)], seed: 42)
    #expect(look(up: long, in: table)?.domain == 0)
    #expect(look(up: "b", in: table)?.domain == 3)
    // These cannot be held, and are then nobody's.
    #expect(look(up: long + "a", in: table) == nil)
    #expect(look(up: "", in: table) == nil)
  }
}
