package import NIOCore

/// A reply of a Redis server in the second version of its protocol (RESP2).
package enum RESPValue: Sendable, Equatable {
  /// `+`: a short text, such as `OK`.
  case simple(String)
  /// `-`: the command failed. The first word is a code, such as `NOSCRIPT`.
  case error(String)
  /// `:`: a number.
  case integer(Int64)
  /// `$`: bytes.
  case bulk(ByteBuffer)
  /// `*`: further values.
  case array([RESPValue])
  /// `$-1` and `*-1`: nothing.
  case null
}

/// What is wrong with bytes that should be a reply.
package enum RESPError: Error, Sendable, Equatable {
  /// No reply begins with this byte.
  case unknownType(UInt8)
  /// A line does not end with CR LF.
  case badLineEnd
  /// What should be a number is none, or does not fit 64 bits.
  case badNumber
  /// A line, a bulk, an array or the whole reply is longer than ``RESPParser`` takes.
  case tooLarge
  /// Arrays stand in arrays deeper than ``RESPParser`` takes.
  case tooDeep
}
