import Testing

@testable import Authentication

@Suite struct FairLineTests {
  @Test func ownersTakeTurns() {
    var line = FairLine<String>()
    for number in 0..<3 { line.append("a\(number)", of: 1) }
    line.append("b0", of: 2)
    line.append("c0", of: 0)
    line.append("b1", of: 2)
    var order: [String] = []
    while let next = line.popFirst() { order.append(next) }
    #expect(order == ["a0", "b0", "c0", "a1", "b1", "a2"])
  }

  /// Nothing is lost or given twice, each owner's order holds, and nobody is served twice while another waits.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func everyElementLeavesOnceAndInOrder(seed: UInt64) {
    var line = FairLine<(owner: UInt16, number: Int)>()
    var (expected, given): ([UInt16: Int], [UInt16: Int]) = ([:], [:])
    var state = seed
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    for _ in 0..<20_000 {
      if random(5) < 3 {
        let owner = UInt16(random(6))
        line.append((owner, given[owner, default: 0]), of: owner)
        given[owner, default: 0] += 1
      } else if let (owner, number) = line.popFirst() {
        #expect(number == expected[owner, default: 0])
        expected[owner, default: 0] += 1
      } else {
        #expect(given == expected)
      }
    }
    while let (owner, number) = line.popFirst() {
      #expect(number == expected[owner, default: 0])
      expected[owner, default: 0] += 1
    }
    #expect(given == expected)
  }
}
