/// Why a store on Redis could not tell.
package enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No connection could be made.
  case unreachable(String)
  /// The connection ended before the answer.
  case disconnected
  /// There was no answer in time.
  case timeout
  /// As many commands as may be are on their way.
  case overloaded
  /// The last connection failed a moment ago; the next is made when the back-off has passed.
  case resting
  /// The server refused the connection's credentials or database; the code it gave.
  case rejected(String)
  /// The server answered with an error.
  case failed(String)
  /// The server answered with something else than the script returns.
  case unexpectedReply
  /// What came is not the protocol.
  case malformed(RESPError)

  package var description: String {
    switch self {
    case .unreachable(let cause): "no connection could be made: \(cause)"
    case .disconnected: "the connection ended"
    case .timeout: "there was no answer in time"
    case .overloaded: "too many commands are on their way"
    case .resting: "the last connection failed a moment ago"
    case .rejected(let code): "the server refused the credentials or the database: \(code)"
    case .failed(let text): "the server answered: \(text)"
    case .unexpectedReply: "the server's answer has an unexpected form"
    case .malformed(let error): "the server does not speak RESP2: \(error)"
    }
  }
}
