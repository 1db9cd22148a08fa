package import NIOCore

/// A command as it goes to the server: an array of bulks.
package struct RESPCommand: Sendable {
  /// What is sent, up to ``long``.
  private let front: ByteBuffer
  /// A large word and what comes behind it: not copied until it is sent.
  private let long: (word: ByteBuffer, rest: ByteBuffer)?

  /// A word of more bytes is not copied into the command.
  private static let largestCopied = 4096

  /// A command of these words.
  package init(_ words: [String]) {
    var bytes = Self.head(words.count)
    for word in words {
      bytes.writeString("$\(word.utf8.count)\r\n")
      bytes.writeString(word)
      bytes.writeStaticString("\r\n")
    }
    (front, long) = (bytes, nil)
  }

  /// A command whose words may be any bytes.
  package init(_ words: [ByteBuffer]) {
    var (front, long) = (Self.head(words.count), ByteBuffer?.none)
    var rest = ByteBuffer()
    for word in words {
      if long == nil, word.readableBytes > Self.largestCopied {
        front.writeString("$\(word.readableBytes)\r\n")
        rest.writeStaticString("\r\n")
        long = word
      } else if long == nil {
        Self.write(word, into: &front)
      } else {
        Self.write(word, into: &rest)
      }
    }
    self.front = front
    self.long = long.map { ($0, rest) }
  }

  private static func write(_ word: ByteBuffer, into bytes: inout ByteBuffer) {
    bytes.writeString("$\(word.readableBytes)\r\n")
    bytes.writeImmutableBuffer(word)
    bytes.writeStaticString("\r\n")
  }

  private static func head(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer()
    // Enough for a command with a digest, so that the buffer does not grow step by step.
    bytes.reserveCapacity(256)
    bytes.writeString("*\(count)\r\n")
    return bytes
  }

  /// What is sent.
  package var bytes: ByteBuffer {
    guard long != nil else { return front }
    var bytes = ByteBuffer()
    write(into: &bytes)
    return bytes
  }

  /// Adds what is sent to other commands.
  package func write(into out: inout ByteBuffer) {
    guard let long else {
      out.writeImmutableBuffer(front)
      return
    }
    out.reserveCapacity(minimumWritableBytes: front.readableBytes + long.word.readableBytes + long.rest.readableBytes)
    for part in [front, long.word, long.rest] { out.writeImmutableBuffer(part) }
  }
}
