public import HTTPWire
public import NIOCore

/// Fields to be added to a message, kept as the lines that will be written. Reused from exchange to exchange.
public struct FieldAdditions: Sendable {
  /// The lines, each `name: value` and CRLF.
  public private(set) var lines = ByteBuffer()
  /// The known names among them.
  public private(set) var names = FieldIDSet()

  package init() {}

  /// Adds a field of a known name.
  public mutating func add(_ id: FieldID, _ value: some Sequence<UInt8>) {
    names.insert(id)
    lines.writeStaticString(id.name)
    writeValue(value)
  }

  /// Adds a field of any name; the name must be a token in lower case.
  public mutating func add(name: StaticString, _ value: some Sequence<UInt8>) {
    lines.writeStaticString(name)
    writeValue(value)
  }

  /// Adds lines that are rendered already, each with its CRLF.
  public mutating func add(rendered: ByteBuffer) {
    lines.writeImmutableBuffer(rendered)
  }

  package mutating func reset() {
    lines.clear()
    names = FieldIDSet()
  }

  /// Control characters become blanks, so that no value can begin a field of its own (RFC 9110 section 5.5).
  private mutating func writeValue(_ value: some Sequence<UInt8>) {
    lines.writeStaticString(": ")
    let start = lines.writerIndex
    lines.writeBytes(value)
    let end = lines.writerIndex
    lines.withUnsafeMutableReadableBytes { bytes in
      let base = bytes.count - (end - start)
      for index in base..<bytes.count where bytes[index] < 0x20 && bytes[index] != 0x09 || bytes[index] == 0x7f {
        bytes[index] = 0x20
      }
    }
    lines.writeStaticString("\r\n")
  }
}
