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
/// Pieces are slices and not copies. Chunk heads are checked, bounded and dropped; of a trailer section the fields that
/// may be passed on are kept.
public struct BodyReader: Sendable {
  private var state: State
  /// Of a known length, how much is still to come.
  private var left: UInt64 = 0
  /// Beside the state and not in it, so that it is changed in its place and never copied.
  private var chunks: ChunkedReader?

  private enum State: Sendable {
    case length, chunked, untilClose, done
    case broken(WireError)
  }

  /// A reader for content of that framing.
  public init(_ framing: Framing, limits: WireLimits) {
    switch framing {
    case .none, .length(0): state = .done
    case .length(let count): (state, left) = (.length, count)
    case .chunked: (state, chunks) = (.chunked, ChunkedReader(limits: limits))
    case .untilClose: state = .untilClose
    }
  }

  /// Begins to read content of that framing, in place of what was read before.
  public mutating func begin(_ framing: Framing, limits: WireLimits) {
    if case .chunked = framing {
      self = BodyReader(framing, limits: limits)
      return
    }
    if chunks != nil { chunks = nil }
    switch framing {
    case .none, .length(0), .chunked: state = .done
    case .length(let count): (state, left) = (.length, count)
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
    case .length: left
    case .done: 0
    case .chunked, .untilClose, .broken: nil
    }
  }

  /// The trailer fields that may be passed on, after the end of chunked content (RFC 9110 section 6.5); nil when there
  /// are none. What must not come this late was dropped. ``FieldBlock/checkTrailers(against:added:)`` has rules that
  /// need the head; ``HeadWriting/writeLastChunk(trailers:into:)`` writes the rest.
  public var trailers: FieldBlock? { isComplete ? chunks?.trailerBlock : nil }

  /// The next piece of content. Call it until it says `needMore` or `end`; after `end` it says nothing else, and after
  /// an error it throws the same one again.
  public mutating func next(_ buffer: inout ByteBuffer) throws(WireError) -> BodyEvent {
    switch state {
    case .done: return .end
    case .length:
      guard let bytes = buffer.readPiece(atMost: left) else { return .needMore }
      left -= UInt64(bytes.readableBytes)
      if left == 0 { state = .done }
      return .bytes(bytes)
    case .untilClose:
      guard let bytes = buffer.readPiece(atMost: .max) else { return .needMore }
      return .bytes(bytes)
    case .chunked:
      do throws(WireError) {
        let event = try chunks?.next(&buffer) ?? .end
        if case .end = event { state = .done }
        return event
      } catch {
        state = .broken(error)
        throw error
      }
    case .broken(let error): throw error
    }
  }

  /// Says that nothing more will be received: an end where content ends with the connection, else an error.
  public mutating func endOfInput() throws(WireError) {
    switch state {
    case .done: return
    case .untilClose: state = .done
    case .length, .chunked: throw WireError(.bodyTruncated)
    case .broken(let error): throw error
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
