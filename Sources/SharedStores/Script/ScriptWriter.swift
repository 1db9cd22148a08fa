package import GatewayKit
package import NIOCore

/// Renders the commands that run the ``LimitScript``, with everything that is always the same rendered once.
package struct ScriptWriter {
  /// How the script is named.
  package enum Form {
    /// By its digest: the server knows it.
    case digest
    /// As it is: the server does not know it.
    case source
  }

  private let time: RedisLimitStore.TimeSource
  private let gateways: Int64
  private let digest: [UInt8]
  private let source: [UInt8]
  private let keyHead: [UInt8]
  private let holder: [UInt8]

  /// A writer for one ledger.
  ///
  /// - Parameters:
  ///   - tag: what decides in which slot of a cluster the keys lie.
  ///   - holder: who holds units of limits on units at a time.
  package init(_ time: RedisLimitStore.TimeSource, gateways: Int, tag: String, holder: UInt64) {
    self.time = time
    self.gateways = Int64(gateways)
    digest = Array("$7\r\nEVALSHA\r\n$40\r\n\(LimitScript.digest)\r\n".utf8)
    source = Array("$4\r\nEVAL\r\n$\(LimitScript.source.utf8.count)\r\n\(LimitScript.source)\r\n".utf8)
    let name = Self.keyHead(tag)
    keyHead = Array("$\(name.utf8.count + 32)\r\n\(name)".utf8)
    var digits = [UInt8](repeating: 0, count: 16)
    digits.withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      var cursor = TextCursor(start)
      cursor.hexadecimal(holder)
    }
    self.holder = Array("$16\r\n".utf8) + digits + Array("\r\n".utf8)
  }

  /// What stands before the digits in the name of every key.
  package static func keyHead(_ tag: String) -> String { "gatehouse:{\(tag)}:" }

  /// The command that judges the claims of a request.
  ///
  /// - Parameter wanted: how many units are wanted in advance, for each claim; empty for none.
  package func take(
    _ claims: ContiguousArray<LimitClaim>, wanted: ContiguousArray<Int>, now: LimitTime, as form: Form,
    into buffer: inout ByteBuffer
  ) {
    command(.take, keys: claims.count, now, form, &buffer) { cursor in
      for claim in claims { key(claim.key, &cursor) }
    } numbers: { cursor in
      for (index, claim) in claims.enumerated() {
        let wanted = index < wanted.count ? Int64(wanted[index]) : 0
        cursor.bulk { ClaimNumbers.take(claim, wanted: wanted, &$0) }
      }
    }
  }

  /// The command that moves what is used, says what is held, or asks for units in advance.
  package func change(_ change: LimitChange, now: LimitTime, as form: Form, into buffer: inout ByteBuffer) {
    let operation: LimitScript.Operation =
      switch change.operation {
      case .move: .adjust
      case .hold: .hold
      case .fetch: .take
      }
    command(operation, keys: 1, now, form, &buffer) { cursor in
      key(change.key, &cursor)
    } numbers: { cursor in
      cursor.bulk { cursor in
        if operation == .take {
          ClaimNumbers.take(change.claim, wanted: change.units, &cursor)
        } else {
          ClaimNumbers.change(change, &cursor)
        }
      }
    }
  }

  private func command(
    _ operation: LimitScript.Operation, keys: Int, _ now: LimitTime, _ form: Form, _ buffer: inout ByteBuffer,
    names: (inout TextCursor) -> Void, numbers: (inout TextCursor) -> Void
  ) {
    let name = form == .digest ? digest : source
    let most = 128 + name.count + holder.count + keys * (keyHead.count + 34 + ClaimNumbers.longest)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { bytes in
      guard let start = bytes.baseAddress else { return 0 }
      var cursor = TextCursor(start)
      cursor.byte(UInt8(ascii: "*"))
      cursor.number(Int64(5 + 2 * keys))
      cursor.lineEnd()
      cursor.bytes(name)
      count(keys, &cursor)
      names(&cursor)
      cursor.bulk { head(operation, now, &$0) }
      cursor.bytes(holder)
      numbers(&cursor)
      return cursor.position - start
    }
  }

  /// How many keys: a bulk of one or two digits.
  private func count(_ keys: Int, _ cursor: inout TextCursor) {
    cursor.byte(UInt8(ascii: "$"))
    cursor.byte(UInt8(ascii: keys < 10 ? "1" : "2"))
    cursor.lineEnd()
    cursor.number(Int64(keys))
    cursor.lineEnd()
  }

  private func key(_ key: LimitKey, _ cursor: inout TextCursor) {
    cursor.bytes(keyHead)
    cursor.hexadecimal(key.high)
    cursor.hexadecimal(key.low)
    cursor.lineEnd()
  }

  /// At least ten bytes, as ``TextCursor/bulk(_:)`` wants it.
  private func head(_ operation: LimitScript.Operation, _ now: LimitTime, _ cursor: inout TextCursor) {
    cursor.number(operation.rawValue)
    cursor.byte(UInt8(ascii: " "))
    cursor.number(gateways)
    if time == .caller {
      ClaimNumbers.pair(max(now.monotonic, 0), &cursor)
      ClaimNumbers.pair(max(now.wall, 0), &cursor)
    } else {
      for _ in 0..<8 { cursor.byte(UInt8(ascii: " ")) }
    }
  }
}
