import NIOCore
import Testing

@testable import SharedStores

@Suite struct RESPCommandTests {
  /// Large words, which are not copied into the command, go out like others.
  @Test func allWordsAreSent() {
    for lengths in [[], [0], [3, 4097], [4097, 3, 0], [5000, 5000, 1], [4096, 4097, 4098]] {
      let words = lengths.enumerated().map { String(repeating: "\($0 % 10)", count: $1) }
      let expected = "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
      #expect(RESPCommand(words).bytes == ByteBuffer(string: expected))
      let command = RESPCommand(words.map { ByteBuffer(string: $0) })
      #expect(command.bytes == ByteBuffer(string: expected))
      var out = ByteBuffer(string: "before")
      command.write(into: &out)
      #expect(out == ByteBuffer(string: "before" + expected))
    }
  }
}
