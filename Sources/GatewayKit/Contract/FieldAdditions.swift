public import HTTPWire
public import NIOCore

/// Fields to be added to a message, kept as the lines that will be written. Reused from exchange to exchange.
public struct FieldAdditions: Sendable {
  /// The lines, each `name: value` and CRLF.
  public private(set) var lines = ByteBuffer()
  /// The known names among them: the origin's fields of these names are dropped.
  public private(set) var names = FieldIDSet()

  package init() {}

  /// Adds a field of a known name, in place of the other side's fields of that name.
  public mutating func add(_ id: FieldID, _ value: UnsafeRawBufferPointer) {
    names.insert(id)
    write(id.name, value)
  }

  /// Adds a field of any name, beside the other side's; the name must be a token (RFC 9110 section 5.1).
  public mutating func add(name: StaticString, _ value: UnsafeRawBufferPointer) { write(name, value) }

  /// Adds a field of a known name from a text; nothing is allocated for one in Swift's own form.
  public mutating func add(_ id: FieldID, text: String) {
    var text = text
    text.withUTF8 { add(id, UnsafeRawBufferPointer($0)) }
  }

  /// Adds a field of a known name from any bytes, such as `"text".utf8`.
  public mutating func add(_ id: FieldID, _ value: some Sequence<UInt8>) {
    Array(value).withUnsafeBytes { add(id, $0) }
  }

  /// Adds a field of any name from any bytes.
  public mutating func add(name: StaticString, _ value: some Sequence<UInt8>) {
    Array(value).withUnsafeBytes { add(name: name, $0) }
  }

  /// Adds lines that are rendered already, each with its CRLF, beside the other side's fields.
  public mutating func add(rendered: ByteBuffer) {
    lines.writeImmutableBuffer(rendered)
  }

  /// The same in place of the other side's fields of these names.
  public mutating func add(rendered: ByteBuffer, replacing ids: FieldIDSet) {
    names = names.union(ids)
    lines.writeImmutableBuffer(rendered)
  }

  /// Adds lines that are known when the gateway is built, each with its CRLF; no references are counted.
  package mutating func add(lines text: StaticString) { lines.writeStaticString(text) }

  /// Takes the fields of these names out again.
  public mutating func remove(_ ids: FieldIDSet) {
    guard !names.intersection(ids).isEmpty else { return }
    var rest = ByteBuffer()
    for line in lines.readableBytesView.split(separator: UInt8(ascii: "\n")) {
      let id = line.prefix { $0 != UInt8(ascii: ":") }.withUnsafeBytes { FieldID(name: $0) }
      guard !ids.contains(id) else {
        names.remove(id)
        continue
      }
      rest.writeBytes(line)
      rest.writeInteger(UInt8(ascii: "\n"))
    }
    lines = rest
  }

  package mutating func reset() {
    lines.clear()
    names = FieldIDSet()
  }

  /// Control characters become blanks, so that no value can begin a field of its own (RFC 9110 section 5.5).
  private mutating func write(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    let nameLength = name.utf8CodeUnitCount
    let size = nameLength + value.count + 4
    lines.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
      target.copyMemory(from: UnsafeRawBufferPointer(start: name.utf8Start, count: nameLength))
      target[nameLength] = UInt8(ascii: ":")
      target[nameLength + 1] = UInt8(ascii: " ")
      let start = nameLength + 2
      for index in 0..<value.count {
        let byte = value[index]
        let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7f
        target[start + index] = isControl ? 0x20 : byte
      }
      target[start + value.count] = 0x0d
      target[start + value.count + 1] = 0x0a
      return size
    }
  }
}
