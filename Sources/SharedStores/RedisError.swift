import GatewayKit
import NIOCore

/// Why a store on Redis could not tell.
package enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No connection could be made.
  case unreachable(String)
  /// There was no answer in time.
  case timeout
  /// The server refused the connection's credentials or database; the code it gave.
  case rejected(String)
  /// The server answered with an error; its text.
  case failed(String)
  /// The server answered with something else than the script returns.
  case unexpectedReply
  /// What came is not the protocol.
  case malformed(RESPError)

  package var description: String {
    switch self {
    case .unreachable(let cause): "there is no connection: \(cause)"
    case .timeout: "there was no answer in time"
    case .rejected(let code): "the server refused the credentials or the database: \(code)"
    case .failed(let text): "the server answered: \(text)"
    case .unexpectedReply: "the server's answer has an unexpected form"
    case .malformed(let error): "the server does not speak RESP2: \(error)"
    }
  }
}

extension RedisError {
  /// The same for those who ask.
  var failure: LimitFailure {
    switch self {
    case .timeout: .timeout
    case .unreachable, .rejected: .unreachable
    case .failed(let text): Self.isOfServer(text) ? .unreachable : .invalid
    case .unexpectedReply, .malformed: .invalid
    }
  }

  /// The first reply of what was received; nil when none is there whole.
  static func reply(
    _ input: inout ByteBuffer, longestBulk: Int = RESPParser.longestBulk
  ) throws(RedisError) -> RESPValue? {
    do {
      return try RESPParser.next(&input, longestBulk: longestBulk)
    } catch {
      throw .malformed(error)
    }
  }

  /// The first word of an error.
  static func code(_ text: String) -> String { String(text.prefix { $0 != " " }.prefix(32)) }

  /// Whether an error is about the server as it is now, so that all that is asked meanwhile will get it.
  ///
  /// Up to Redis 6 what a command of the script got stands within the script's own error, with its minus:
  /// `ERR Error running script (call to f_...): @user_script:8: @user_script: 8: -READONLY You can't write...`.
  package static func isOfServer(_ text: String) -> Bool {
    if codesOfServer.contains(code(text)) { return true }
    guard text.hasPrefix("ERR Error running script") else { return false }
    return text.split(separator: " ").contains { word in
      word.first == "-" && codesOfServer.contains(String(word.dropFirst()))
    }
  }

  private static let codesOfServer: Set<String> = [
    "ASK", "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOAUTH", "NOREPLICAS", "READONLY",
  ]
}
