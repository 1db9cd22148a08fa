import FuzzDriver
import GatewayKit
import Glibc
import NIOCore

@testable import ResponseCaching

/// Bytes become answers of a store that gateways share: read as they are, or made into one, written and read again. What we
/// did not seal is never opened, and what is opened is what was sealed.
private enum Check {
  private static let now = SharedAnswer.Moment(monotonic: 5_000_000_000, wall: 1_800_000_000_000_000_000)
  private static let sealer = AnswerSealer(Secret(Array("a secret of 32 bytes or even more".utf8)))
  private static let versions = AnswerVersions(seed: 1)
  private static let name = Array("0123456789abcdef".utf8)

  static func run(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = ByteBuffer(bytes: UnsafeRawBufferPointer(start: data, count: count))
    guard let mode = bytes.readInteger(as: UInt8.self) else { return 0 }
    switch mode % 4 {
    case 0: read(bytes)
    case 1: head(bytes)
    case 2: write(bytes)
    default: seal(bytes)
    }
    return 0
  }

  /// What can be read can be kept, and is read again as it was when it is written.
  private static func read(_ bytes: ByteBuffer) {
    guard let answer = SharedAnswer(bytes, at: now) else { return }
    switch answer.content {
    case .varies(let names): precondition(!names.isEmpty, "answers that vary by nothing")
    case .answer(let parts):
      precondition(parts.born <= now.monotonic && parts.born < parts.expires, "times in disorder")
      again(parts, Array(answer.key.readableBytesView), answer.tags)
    }
  }

  private static func again(_ parts: CachedResponse.Parts, _ key: [UInt8], _ tags: [UInt64]) {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var mark = versions.mark(domain: nothing, path: nothing, at: 0)
    for tag in tags { mark.add(tag: tag) }
    let response = CachedResponse(key: key, hash: 1, version: mark, parts)
    let written = SharedAnswer.bytes(of: response, at: now)
    precondition(written.readableBytes == SharedAnswer.size(of: response), "it takes another size than was told")
    guard let answer = SharedAnswer(written, at: now), case .answer(let read) = answer.content else {
      preconditionFailure("what was written is not read")
    }
    precondition(answer.key.readableBytesView.elementsEqual(key) && answer.tags == mark.tags, "another's")
    precondition(read.status == parts.status && read.fields == parts.fields && read.body == parts.body)
    precondition(read.notModifiedFields == parts.notModifiedFields && read.validators == parts.validators)
    precondition(read.vary == parts.vary && read.varyValues == parts.varyValues && read.grace == parts.grace)
    precondition(read.allowsStale == parts.allowsStale && read.isRevalidated == parts.isRevalidated)
    precondition(read.born == parts.born && read.expires == parts.expires, "times have moved")
  }

  /// The head is what ends with the first line feed, and is short.
  private static func head(_ bytes: ByteBuffer) {
    var rest = bytes
    guard let head = SharedAnswerHead.read(&rest) else {
      precondition(rest == bytes, "taken, though there is no head")
      return
    }
    let view = head.readableBytesView
    precondition(view.count <= 2048 && view.firstIndex(of: 0x0A) == view.endIndex - 1, "no head")
    precondition(view.elementsEqual(bytes.readableBytesView.prefix(view.count)), "another head")
    precondition(rest.readableBytesView.elementsEqual(bytes.readableBytesView.dropFirst(view.count)), "another rest")
  }

  /// An answer made of the bytes.
  private static func write(_ bytes: ByteBuffer) {
    var rest = bytes
    var parts = CachedResponse.Parts()
    let flags = rest.readInteger(as: UInt8.self) ?? 0
    parts.status = 200 + (rest.readInteger(as: UInt16.self) ?? 0) % 400
    parts.born = now.monotonic - Int64(rest.readInteger(as: UInt32.self) ?? 0)
    parts.expires = parts.born + 1 + Int64(rest.readInteger(as: UInt32.self) ?? 0)
    (parts.stored, parts.allowsStale, parts.isRevalidated) = (now.monotonic, flags & 1 != 0, flags & 2 != 0)
    if flags & 4 != 0 { parts.notModifiedFields = piece(&rest) }
    if flags & 8 != 0 { parts.validators.lastModified = rest.readInteger() }
    for _ in 0..<(flags >> 4) {
      let name = piece(&rest)
      if name.readableBytes > 0 { name.withUnsafeReadableBytes { parts.vary.add($0) } }
    }
    parts.validators.tag = Array(piece(&rest).readableBytesView)
    parts.varyValues = Array(piece(&rest).readableBytesView)
    parts.fields = piece(&rest)
    let key = Array(piece(&rest).readableBytesView)
    parts.body = rest
    again(parts, key, [UInt64(flags), UInt64(parts.status)])
  }

  private static func piece(_ rest: inout ByteBuffer) -> ByteBuffer {
    let length = Int(rest.readInteger(as: UInt8.self) ?? 0)
    return rest.readSlice(length: min(length, rest.readableBytes)) ?? ByteBuffer()
  }

  /// The bytes are not opened by themselves; sealed they are, until one of their bits is changed.
  private static func seal(_ bytes: ByteBuffer) {
    precondition(sealer.open(bytes, as: name) == nil, "opened, though nobody sealed it")
    var rest = bytes
    let place = Int(rest.readInteger(as: UInt16.self) ?? 0)
    var head = ByteBuffer()
    SharedAnswerHead.write(
      SharedAnswerTime(epoch: rest.readInteger() ?? 0, time: rest.readInteger() ?? 0), [rest.readInteger() ?? 0],
      into: &head)
    guard let sealed = sealer.seal(rest, behind: head, as: name), sealer.open(sealed, as: name) == rest else {
      preconditionFailure("what was sealed is not opened")
    }
    var changed = Array(sealed.readableBytesView)
    changed[place % changed.count] ^= 1 << UInt8(place >> 13)
    precondition(sealer.open(ByteBuffer(bytes: changed), as: name) == nil, "opened, though changed")
    precondition(sealer.open(sealed, as: name + [0]) == nil, "opened under another name")
  }
}

@main
enum FuzzAnswers {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { data, count in Check.run(data, count) })
  }
}
