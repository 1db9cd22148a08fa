import GatewayKit
import GatewayTesting
import NIOCore
import SharedStores
import Testing

@Suite struct IntegerReplyTests {
  private func read(_ text: String, most: Int = 96) -> (IntegerReply, [Int64]) {
    var numbers: ContiguousArray<Int64> = [99]
    let bytes = ByteBuffer(string: text)
    let reply = IntegerReply.read(bytes.readableBytesSpan, into: &numbers, most: most)
    return (reply, Array(numbers))
  }

  @Test func readsNumbers() {
    #expect(read(":0\r\n") == (.whole(length: 4), [0]))
    let two = read("*2\r\n:-1\r\n:123456789012345678\r\n:5\r\n")
    #expect(two == (.whole(length: 30), [-1, 123_456_789_012_345_678]))
    #expect(read("*0\r\n") == (.whole(length: 4), []))
  }

  @Test(arguments: [
    "+OK\r\n", "-ERR\r\n", "$1\r\n", "*x\r\n", "*-1\r\n", "*97\r\n", "*1\r\n+", ":\r\n", ":-\r\n", ":1\n",
    ":1\rx", ":1234567890123456789\r\n", "*1\r\n*1\r\n", "\r\n", "*1\r\n:\r\n",
  ])
  func leavesTheRestToTheParser(text: String) { #expect(read(text).0 == .other) }

  /// Whatever it says is whole, the parser says, too, and the same; what it says is incomplete can become whole.
  @Test(arguments: 0..<20) func agreesWithTheParser(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let alphabet = Array("*:::-0123456789\r\n\r\n\r\n+".utf8)
    var whole = 0
    for round in 0..<20_000 {
      var bytes = ByteBuffer()
      if round % 2 == 0 {
        bytes.writeString("*\(random.next() % 4)\r\n")
        for _ in 0..<random.next() % 4 { bytes.writeString(":\(Int64(bitPattern: random.next()) >> 4)\r\n") }
      } else {
        for _ in 0..<random.next() % 12 { bytes.writeInteger(alphabet[Int(random.next() % UInt64(alphabet.count))]) }
      }
      var (numbers, parsed) = (ContiguousArray<Int64>(), bytes)
      let reply = IntegerReply.read(bytes.readableBytesSpan, into: &numbers, most: 96)
      let value = Result { try RESPParser.next(&parsed) }
      switch reply {
      case .whole(let length):
        whole += 1
        #expect(bytes.readableBytes - parsed.readableBytes == length)
        let single = numbers.count == 1 ? RESPValue.integer(numbers[0]) : nil
        let found = try value.get()
        #expect(found == single || found == .array(numbers.map { .integer($0) }))
      case .incomplete: #expect(try value.get() == nil)
      case .other: break
      }
    }
    #expect(whole > 100)
  }

  @Test func everyPrefixIsIncomplete() {
    let text = "*3\r\n:12\r\n:-7\r\n:0\r\n"
    for length in 0..<text.utf8.count {
      let prefix = String(decoding: text.utf8.prefix(length), as: UTF8.self)
      #expect(read(prefix).0 == .incomplete)
    }
  }
}

@Suite struct ScriptWriterTests {
  /// What is written by hand is what the plain way of writing commands writes.
  @Test func writesWholeCommands() throws {
    let writer = ScriptWriter(.server, gateways: 12, tag: "a", holder: 0xAB)
    var claims: ContiguousArray<LimitClaim> = []
    for number in 0..<UInt64(12) { claims.append(try .rate(number, 3, .seconds(1), burst: 2)) }
    claims[1] = .concurrent(1, .max, cost: .max)
    claims[2] = .daily(2, .max)
    var bytes = ByteBuffer()
    writer.take(claims, wanted: [5], now: Gateways.now, as: .digest, into: &bytes)
    guard case .array(let words) = try RESPParser.next(&bytes) else { throw HarnessError.timeout("no command") }
    #expect(bytes.readableBytes == 0 && words.count == 5 + 24)
    let texts = words.map { if case .bulk(let text) = $0 { String(buffer: text) } else { "" } }
    #expect(texts[0] == "EVALSHA" && texts[1].count == 40 && texts[2] == "12")
    #expect(texts[3] == "gatehouse:{a}:0123456789abcdef0000000000000000")
    #expect(texts[15].split(separator: " ") == ["1", "12"] && texts[16] == "00000000000000ab")
    #expect(texts[17] == "1 0 1 5 0 333333334 0 666666668 0 666666668 0 333333334")
    #expect(texts[18] == "4 0 4503599627370496 0 4503599627370496 30")
    #expect(texts[19] == "3 0 1 0 4503599627370496 1795305600 1795392000 1795478400 1795564800 0")
  }
}
