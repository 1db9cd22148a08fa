import GatewayTesting
import Testing

@testable import GatewayEngine

@Suite struct BalancingSetsTests {
  @Test func endpointSetIsASet() {
    var generator = SplitMix(state: 4)
    for _ in 0..<100 {
      let limit = [3, 64, 65, 1024, 2000].randomElement(using: &generator) ?? 3
      var model: Set<Int> = []
      var set = EndpointSet()
      for _ in 0..<Int.random(in: 0..<50, using: &generator) {
        let member = Int.random(in: -2..<limit, using: &generator)
        set.insert(member)
        if (0..<1024).contains(member) { model.insert(member) }
      }
      #expect(set.isEmpty == model.isEmpty)
      for member in -70..<1100 { #expect(set.contains(member) == model.contains(member)) }
      #expect(set == EndpointSet(model.shuffled(using: &generator)))
      set.removeAll()
      #expect(set == EndpointSet() && set.isEmpty)
    }
  }

  @Test func endpointSetHoldsToItsRange() {
    let set = EndpointSet([-1, .min, .max, 1024])
    #expect(set.isEmpty)
    for member in [-1, Int.min, .max, 1024] { #expect(!set.contains(member)) }
    #expect(EndpointSet([1, 200]) != EndpointSet([1]))
  }

  @Test func statusSetIsASet() {
    var generator = SplitMix(state: 5)
    for _ in 0..<50 {
      let ranges = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
        let low = Int.random(in: -50..<700, using: &generator)
        return low...(low + Int.random(in: 0..<150, using: &generator))
      }
      let set = StatusSet(ranges)
      for code in -100..<800 {
        #expect(set.contains(code) == ((100...599).contains(code) && ranges.contains { $0.contains(code) }))
      }
      #expect(set == StatusSet(codes: (-60..<900).filter { code in ranges.contains { $0.contains(code) } }))
      #expect(set.isEmpty == !(100...599).contains { set.contains($0) })
    }
    #expect(StatusSet([Int.min...Int.max]).contains(599))
    #expect(!StatusSet([Int.min...Int.max]).contains(.max))
    #expect(!StatusSet().contains(200))
  }
}
