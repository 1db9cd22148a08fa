package import NIOCore

/// A command as it goes to the server: an array of bulks.
package struct RESPCommand: Sendable {
  /// What is sent.
  package let bytes: ByteBuffer

  /// A command of these words.
  package init(_ words: [String]) {
    var bytes = Self.head(words.count)
    for word in words {
      bytes.writeString("$\(word.utf8.count)\r\n")
      bytes.writeString(word)
      bytes.writeStaticString("\r\n")
    }
    self.bytes = bytes
  }

  /// A command whose words may be any bytes.
  package init(_ words: [ByteBuffer]) {
    var bytes = Self.head(words.count)
    for word in words {
      bytes.writeString("$\(word.readableBytes)\r\n")
      bytes.writeImmutableBuffer(word)
      bytes.writeStaticString("\r\n")
    }
    self.bytes = bytes
  }

  private static func head(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer()
    // Enough for a command with a digest, so that the buffer does not grow step by step.
    bytes.reserveCapacity(256)
    bytes.writeString("*\(count)\r\n")
    return bytes
  }
}
