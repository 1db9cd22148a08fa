import HTTPWire

extension ResponseHead {
  /// Whether it is a stream of events, which has no end to wait for (text/event-stream of the HTML standard).
  var isEventStream: Bool {
    guard block.present.contains(.contentType) else { return false }
    return block.withValue(of: .contentType) { Self.isEventStream($0) } ?? false
  }

  private static func isEventStream(_ value: UnsafeRawBufferPointer) -> Bool {
    let name: StaticString = "text/event-stream"
    let length = name.utf8CodeUnitCount
    guard value.count >= length else { return false }
    for index in 0..<length where value[index] | 0x20 != name.utf8Start[index] | 0x20 { return false }
    return value.count == length || value[length] == UInt8(ascii: ";") || value[length] == UInt8(ascii: " ")
  }
}
