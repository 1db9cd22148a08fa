import GatewayTesting
import NIOCore
import SharedStores
import Testing

@Suite struct RESPParserTests {
  private func parse(_ text: String) throws -> RESPValue? {
    var bytes = ByteBuffer(string: text)
    return try RESPParser.next(&bytes)
  }

  private static let good: [(String, RESPValue)] = [
    ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")), ("-ERR no\r\n", .error("ERR no")),
    (":0\r\n", .integer(0)), (":-1\r\n", .integer(-1)), (":9223372036854775807\r\n", .integer(.max)),
    (":-9223372036854775808\r\n", .integer(.min)),
    ("$0\r\n\r\n", .bulk(ByteBuffer())), ("$4\r\na\r\nb\r\n", .bulk(ByteBuffer(string: "a\r\nb"))),
    ("$-1\r\n", .null), ("*-1\r\n", .null), ("*0\r\n", .array([])),
    ("*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", .array([.integer(1), .array([.bulk(ByteBuffer(string: "x"))])])),
    ("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", .array([.array([.array([.array([.integer(1)])])])])),
  ]

  /// Every reply whole, and byte by byte with something behind it that stays.
  @Test func readsReplies() throws {
    for (text, wanted) in Self.good {
      #expect(try parse(text) == wanted)
      var bytes = ByteBuffer()
      for byte in text.utf8 {
        #expect(try RESPParser.next(&bytes) == nil)
        bytes.writeInteger(byte)
      }
      bytes.writeString("+n")
      #expect(try RESPParser.next(&bytes) == wanted)
      #expect(String(buffer: bytes) == "+n")
      #expect(try RESPParser.next(&bytes) == nil)
    }
  }

  @Test(arguments: [
    ("x\r\n", RESPError.unknownType(0x78)), ("\r\n", .unknownType(0x0D)), ("+a\n", .badLineEnd), ("+a\rb", .badLineEnd),
    (":\r\n", .badNumber), (":-\r\n", .badNumber), (":+1\r\n", .badNumber), (":1 \r\n", .badNumber),
    (":9223372036854775808\r\n", .badNumber), (":-9223372036854775809\r\n", .badNumber),
    (":00000000000000000000\r\n", .badNumber), ("$-2\r\n", .badNumber), ("*-2\r\n", .badNumber),
    ("$9223372036854775807\r\n", .tooLarge), ("$8193\r\n", .tooLarge), ("*97\r\n", .tooLarge),
    ("*9223372036854775807\r\n", .tooLarge), ("$1\r\nab\r\n", .badLineEnd), ("$1\r\na\rb", .badLineEnd),
    ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", .tooDeep), ("*1\r\n?", .unknownType(0x3F)),
  ])
  func refusesNonsense(text: String, error: RESPError) {
    #expect(throws: error) { try parse(text) }
  }

  @Test func isBounded() throws {
    let longest = String(repeating: "a", count: RESPParser.longestLine)
    #expect(try parse("+\(longest)\r\n") == .simple(longest))
    #expect(throws: RESPError.tooLarge) { try parse("+\(longest)a") }
    // A reply whose parts are small enough but which are too many.
    let bulk = "$8000\r\n" + String(repeating: "b", count: 8000) + "\r\n"
    #expect(throws: RESPError.tooLarge) { try parse("*3\r\n\(bulk)\(bulk)\(bulk)") }
    #expect(throws: RESPError.tooLarge) { try parse("*3\r\n\(bulk)\(bulk)\(bulk.dropLast(2))") }
    #expect(try parse("*2\r\n\(bulk)\(bulk)") != nil)
  }

  /// Bytes that look like the protocol often enough to get deep into it. However they are split, the same comes out.
  @Test(arguments: 0..<20) func randomBytes(seed: UInt64) {
    var random = SplitMix(state: seed)
    let alphabet = Array("+-:$*0123456789\r\n\r\n\r\nabc \0".utf8)
    var values = 0
    for _ in 0..<3000 {
      let bytes = (0..<Int(random.next() % 64)).map { _ in
        random.next() % 16 == 0 ? UInt8(truncatingIfNeeded: random.next()) : alphabet.randomElement(using: &random) ?? 0
      }
      let (whole, error) = Self.all([bytes])
      let (split, splitError) = Self.all(bytes.map { [$0] })
      #expect(whole == split && error == splitError)
      values += whole.count
    }
    #expect(values > 0)
  }

  /// Whole replies with a few bytes changed.
  @Test(arguments: 100..<120) func damagedReplies(seed: UInt64) {
    var random = SplitMix(state: seed)
    for _ in 0..<500 {
      var bytes = (0..<3).flatMap { _ in Array((Self.good.randomElement(using: &random)?.0 ?? "").utf8) }
      for _ in 0..<Int(random.next() % 3) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let (whole, error) = Self.all([bytes])
      let (split, splitError) = Self.all(bytes.map { [$0] })
      #expect(whole == split && error == splitError)
    }
  }

  /// Everything that is in these pieces, up to the first error.
  private static func all(_ pieces: [[UInt8]]) -> ([RESPValue], RESPError?) {
    var (bytes, values) = (ByteBuffer(), [RESPValue]())
    for piece in pieces {
      bytes.writeBytes(piece)
      do throws(RESPError) {
        while let value = try RESPParser.next(&bytes) { values.append(value) }
      } catch {
        return (values, error)
      }
    }
    return (values, nil)
  }
}
