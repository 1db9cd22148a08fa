/// Everything that can go wrong in a call of this library.
public enum UserApiTokensError: Error, Sendable {
  /// The API answered with a status of 400 or more and a JSON object.
  case api(ApiError)
  /// The API answered with a redirect. None is followed, so that a token never reaches another place.
  case redirect(status: Int, location: String?)
  /// The answer is not what the API describes: not JSON, or JSON of another form. `excerpt` holds the first
  /// characters of an error answer (at most 200) and is empty for a successful one, which may hold a token.
  case unexpectedAnswer(status: Int, reason: String, excerpt: String, retryAfter: RetryAfter?)
  /// The answer is larger than the configuration allows; `limit` is in bytes.
  case answerTooLarge(limit: Int)
  /// No complete answer within the time of the call.
  case timeout(Duration)
  /// No connection, or one that broke.
  case connection(reason: String)
  /// The calling task was cancelled.
  case cancelled
  /// An argument that cannot be sent. Nothing was sent.
  case invalidArgument(name: String, reason: String)
  /// The token provider failed. Nothing was sent.
  case tokenUnavailable(reason: String)
  /// The list never ends, or repeats itself; `page` is where that was seen.
  case endlessList(page: Int, reason: String)

  /// The HTTP status, if there was an answer.
  public var status: Int? {
    switch self {
    case .api(let error): error.status
    case .redirect(let status, _), .unexpectedAnswer(let status, _, _, _): status
    default: nil
    }
  }
}

extension UserApiTokensError: CustomStringConvertible {
  /// What went wrong, in one line, without a token.
  public var description: String {
    switch self {
    case .api(let error):
      "the API answered \(error.status) \(error.type ?? "without a type"): \(error.message ?? "no message")"
    case .redirect(let status, let location):
      "the API answered with a redirect (\(status)) to \(location ?? "nowhere"), which is not followed; "
        + "set the base URL to where the API is"
    case .unexpectedAnswer(let status, let reason, let excerpt, _):
      "the answer (\(status)) is not one of the API: \(reason)\(excerpt.isEmpty ? "" : "; it begins: \(excerpt)")"
    case .answerTooLarge(let limit):
      "the answer is larger than \(limit) bytes; ask for fewer items per page or raise maximumAnswerSize"
    case .timeout(let duration): "no complete answer within \(duration)"
    case .connection(let reason): "no connection to the API: \(reason)"
    case .cancelled: "the call was cancelled"
    case .invalidArgument(let name, let reason): "\(name) \(reason)"
    case .tokenUnavailable(let reason): "there is no access token: \(reason)"
    case .endlessList(let page, let reason): "the list of tokens does not end (page \(page)): \(reason)"
    }
  }
}
