public import NIOCore

/// What a ``BodyReader`` has to say.
public enum BodyEvent: Sendable, Hashable {
  /// More bytes must be received first.
  case needMore
  /// A piece of content, a slice of what was received.
  case bytes(ByteBuffer)
  /// The content is complete; what is left in the buffer belongs to the next message.
  case end
}

/// Takes the content of one message out of what was received (RFC 9112 sections 6 and 7).
///
/// Pieces are slices and not copies. Chunk heads and trailers are checked, bounded and dropped.
public struct BodyReader: Sendable {
  private var state: State

  private enum State: Sendable {
    case length(UInt64)
    case chunked(ChunkedReader)
    case untilClose
    case done
  }

  /// A reader for content of that framing.
  public init(_ framing: Framing, limits: WireLimits) {
    switch framing {
    case .none, .length(0): state = .done
    case .length(let count): state = .length(count)
    case .chunked: state = .chunked(ChunkedReader(limits: limits))
    case .untilClose: state = .untilClose
    }
  }

  /// Whether `end` has been or would be said next.
  public var isComplete: Bool {
    if case .done = state { true } else { false }
  }

  /// How many bytes of a known length are still to come; nil when the length is not known.
  public var remaining: UInt64? {
    switch state {
    case .length(let count): count
    case .done: 0
    case .chunked, .untilClose: nil
    }
  }

  /// The next piece of content. Call it until it says `needMore` or `end`; after `end` it says nothing else.
  public mutating func next(_ buffer: inout ByteBuffer) throws(WireError) -> BodyEvent {
    switch state {
    case .done: return .end
    case .length(let count):
      guard let bytes = buffer.readPiece(atMost: count) else { return .needMore }
      let left = count - UInt64(bytes.readableBytes)
      state = left == 0 ? .done : .length(left)
      return .bytes(bytes)
    case .untilClose:
      guard let bytes = buffer.readPiece(atMost: .max) else { return .needMore }
      return .bytes(bytes)
    case .chunked(var reader):
      let event = try reader.next(&buffer)
      if case .end = event { state = .done } else { state = .chunked(reader) }
      return event
    }
  }

  /// Says that nothing more will be received: an end where content ends with the connection, else an error.
  public mutating func endOfInput() throws(WireError) {
    switch state {
    case .done: return
    case .untilClose: state = .done
    case .length, .chunked: throw WireError(.bodyTruncated)
    }
  }
}

extension ByteBuffer {
  /// What is readable, up to a count; nil when nothing is.
  mutating func readPiece(atMost count: UInt64) -> ByteBuffer? {
    guard readableBytes > 0 else { return nil }
    return readSlice(length: Int(min(UInt64(readableBytes), count)))
  }
}
