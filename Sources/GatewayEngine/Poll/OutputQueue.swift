import CEpoll
import Glibc
import NIOCore

/// Output of one socket that the system has not taken yet, in order.
struct OutputQueue {
  enum Progress {
    /// Everything is sent.
    case done
    /// The system takes no more at present.
    case blocked
    /// The peer takes nothing any more.
    case failed
  }

  private var pieces: ContiguousArray<ByteBuffer> = []
  private var first = 0
  /// How much waits.
  private(set) var bytes = 0
  /// Whether the last piece is a buffer of the queue's own, to which small pieces are copied.
  private var isLastOwn = false

  /// A piece up to this size is copied: kept as it is it would hold all the memory that it is a part of.
  private static let small = 4096
  /// A buffer of the queue's own takes no more than this.
  private static let largestOwn = 32 << 10

  /// How much memory it holds, in bytes.
  var capacity: Int { pieces.reduce(0) { $0 + $1.storageCapacity + MemoryLayout<ByteBuffer>.stride } }

  mutating func append(_ piece: ByteBuffer) {
    guard piece.readableBytes > 0 else { return }
    bytes += piece.readableBytes
    guard piece.readableBytes <= Self.small else {
      isLastOwn = false
      return pieces.append(piece)
    }
    if isLastOwn, let last = pieces.indices.last, pieces[last].writerIndex < Self.largestOwn {
      pieces[last].writeImmutableBuffer(piece)
    } else {
      pieces.append(ByteBuffer(bytes: piece.readableBytesView))
      isLastOwn = true
    }
  }

  mutating func removeAll() {
    pieces.removeAll()
    first = 0
    bytes = 0
    isLastOwn = false
  }

  /// Lets go of the places of pieces that are sent, or a queue that is never quite empty would grow without end.
  private mutating func compact() {
    guard first >= 32, first * 2 >= pieces.count else { return }
    pieces.removeFirst(first)
    first = 0
  }

  /// Sends as much as goes.
  mutating func send(to descriptor: CInt) -> Progress {
    while first < pieces.count {
      let length = pieces[first].readableBytes
      let sent = Self.send(pieces[first], to: descriptor)
      if sent < 0 {
        compact()
        return sent == -Int(EAGAIN) ? .blocked : .failed
      }
      bytes -= sent
      if sent < length {
        pieces[first].moveReaderIndex(forwardBy: sent)
      } else {
        pieces[first] = ByteBuffer()
        first += 1
      }
    }
    pieces.removeAll(keepingCapacity: pieces.capacity <= 16)
    first = 0
    isLastOwn = false
    return .done
  }

  /// - Returns: how much was sent, or the negative error number.
  static func send(_ piece: ByteBuffer, to descriptor: CInt) -> Int {
    piece.withUnsafeReadableBytes { Int(gh_send(descriptor, $0.baseAddress, $0.count)) }
  }

  /// Sends two pieces, the first one first.
  static func send(_ head: ByteBuffer, _ body: ByteBuffer, to descriptor: CInt) -> Int {
    head.withUnsafeReadableBytes { head in
      body.withUnsafeReadableBytes { body in
        Int(gh_send_both(descriptor, head.baseAddress, head.count, body.baseAddress, body.count))
      }
    }
  }
}
