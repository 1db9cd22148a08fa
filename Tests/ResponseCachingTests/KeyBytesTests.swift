import GatewayKit
import GatewayTesting
import Testing

@Suite struct KeyBytesTests {
  private func bytes(_ parts: [[UInt8]]) -> [UInt8] {
    var key = KeyBytes(capacity: 0)
    for part in parts { part.withUnsafeBytes { key.append(part: $0) } }
    return key.withBytes { Array($0) }
  }

  /// No two lists of parts give the same bytes, whatever is in them.
  @Test func listsOfPartsStayApart() {
    var random = SplitMix(state: 11)
    var seen: [[UInt8]: [[UInt8]]] = [:]
    var clashes = 0
    for _ in 0..<20_000 {
      let parts = (0..<Int(random.next() % 4)).map { _ in
        // Bytes that look like lengths, so that a missing length would be noticed.
        (0..<Int(random.next() % 6)).map { _ in UInt8(random.next() % 3) }
      }
      let key = bytes(parts)
      if let before = seen.updateValue(parts, forKey: key), before != parts { clashes += 1 }
    }
    #expect(clashes == 0)
    #expect(seen.count > 1000)
  }

  @Test func growsAndKeepsWhatIsThere() {
    let long = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    let key = bytes([[1, 2], long, [3]])
    #expect(key == [2, 0, 0, 0, 1, 2, 0x10, 0x27, 0, 0] + long + [1, 0, 0, 0, 3])
  }

  @Test func beginsAnew() {
    var key = KeyBytes()
    key.append(7 as UInt64)
    key.reset()
    let place = key.appendCount()
    key.append(9 as UInt8)
    key.setCount(258, at: place)
    key.setCount(1, at: 100)
    #expect(key.withBytes { Array($0) } == [2, 1, 0, 0, 9])
  }
}
