package import NIOCore

/// Finds the replies in what a server sends. Strict, and bounded in every direction, since the other end may be anything.
package enum RESPParser {
  /// The longest line, without its type and its end, in bytes.
  package static let longestLine = 4 << 10
  /// The longest bulk, in bytes, where nobody has said that it may be longer.
  package static let longestBulk = 8 << 10
  /// The most elements of one array.
  package static let mostElements = 96
  /// How deep arrays may stand in arrays.
  package static let deepest = 4
  /// What a reply may have beside its longest bulk, in bytes.
  package static let longestRest = 8 << 10

  /// Takes the first reply off the buffer; nil, and nothing is taken, while it is incomplete.
  ///
  /// - Parameter longestBulk: the longest bulk, in bytes.
  /// - Throws: ``RESPError`` when no further byte can make it a reply; the connection is worth nothing then.
  package static func next(
    _ buffer: inout ByteBuffer, longestBulk: Int = longestBulk
  ) throws(RESPError) -> RESPValue? {
    var rest = buffer
    let longestReply = longestBulk + longestRest
    guard let value = try value(&rest, longestBulk, depth: 0) else {
      if buffer.readableBytes > longestReply { throw .tooLarge }
      return nil
    }
    if buffer.readableBytes - rest.readableBytes > longestReply { throw .tooLarge }
    buffer = rest
    return value
  }

  private static func value(
    _ rest: inout ByteBuffer, _ longestBulk: Int, depth: Int
  ) throws(RESPError) -> RESPValue? {
    guard let type = rest.readInteger(as: UInt8.self) else { return nil }
    switch type {
    case UInt8(ascii: "+"): return try line(&rest).map { .simple(String(buffer: $0)) }
    case UInt8(ascii: "-"): return try line(&rest).map { .error(String(buffer: $0)) }
    case UInt8(ascii: ":"): return try number(&rest).map { .integer($0) }
    case UInt8(ascii: "$"): return try bulk(&rest, longestBulk)
    case UInt8(ascii: "*"): return try array(&rest, longestBulk, depth: depth)
    default: throw .unknownType(type)
    }
  }

  /// A line without its end.
  private static func line(_ rest: inout ByteBuffer) throws(RESPError) -> ByteBuffer? {
    let view = rest.readableBytesView.prefix(longestLine + 1)
    guard let end = view.firstIndex(where: { $0 == carriageReturn || $0 == lineFeed }) else {
      if view.count > longestLine { throw .tooLarge }
      return nil
    }
    let length = end - rest.readerIndex
    guard view[end] == carriageReturn else { throw .badLineEnd }
    guard let second = rest.getInteger(at: end + 1, as: UInt8.self) else { return nil }
    guard second == lineFeed else { throw .badLineEnd }
    let line = rest.readSlice(length: length)
    rest.moveReaderIndex(forwardBy: 2)
    return line
  }

  private static func bulk(_ rest: inout ByteBuffer, _ longestBulk: Int) throws(RESPError) -> RESPValue? {
    guard let count = try number(&rest) else { return nil }
    if count == -1 { return .null }
    guard count >= 0 else { throw .badNumber }
    guard count <= longestBulk else { throw .tooLarge }
    guard let bytes = rest.readSlice(length: Int(count)) else { return nil }
    for wanted in [carriageReturn, lineFeed] {
      guard let byte = rest.readInteger(as: UInt8.self) else { return nil }
      guard byte == wanted else { throw .badLineEnd }
    }
    return .bulk(bytes)
  }

  private static func array(
    _ rest: inout ByteBuffer, _ longestBulk: Int, depth: Int
  ) throws(RESPError) -> RESPValue? {
    guard depth < deepest else { throw .tooDeep }
    guard let count = try number(&rest) else { return nil }
    if count == -1 { return .null }
    guard count >= 0 else { throw .badNumber }
    guard count <= mostElements else { throw .tooLarge }
    var values: [RESPValue] = []
    for _ in 0..<count {
      guard let value = try value(&rest, longestBulk, depth: depth + 1) else { return nil }
      values.append(value)
    }
    return .array(values)
  }

  /// A line that is a number: an optional minus and 1 to 19 digits.
  private static func number(_ rest: inout ByteBuffer) throws(RESPError) -> Int64? {
    guard let text = try line(&rest) else { return nil }
    let isNegative = text.readableBytesView.first == UInt8(ascii: "-")
    let digits = text.readableBytesView.dropFirst(isNegative ? 1 : 0)
    guard (1...19).contains(digits.count) else { throw .badNumber }
    var number: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .badNumber }
      let value = Int64(digit - UInt8(ascii: "0"))
      let (product, overflow) = number.multipliedReportingOverflow(by: 10)
      // Built downwards, since the least number has no positive counterpart.
      let (sum, carry) = product.subtractingReportingOverflow(value)
      guard !overflow, !carry else { throw .badNumber }
      number = sum
    }
    if isNegative { return number }
    guard number != .min else { throw .badNumber }
    return -number
  }

  private static let carriageReturn: UInt8 = 0x0D
  private static let lineFeed: UInt8 = 0x0A
}
