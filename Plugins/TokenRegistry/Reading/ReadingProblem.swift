import UserApiTokens

/// Why the list could not be read, in words that hold nothing of the service token: what an API says is not repeated,
/// since it might repeat what it was sent.
struct ReadingProblem: Error, Sendable, CustomStringConvertible {
  let description: String
  /// How long the API asks to be left alone, in nanoseconds.
  let retryAfter: Int64?

  init(_ description: String, retryAfter: Int64? = nil) {
    self.description = description
    self.retryAfter = retryAfter
  }

  init(_ error: UserApiTokensError) {
    switch error {
    case .api(let error): self.init(Self.words(for: error.status), retryAfter: Self.pause(error.retryAfter))
    case .unexpectedAnswer(let status, let reason, _, let retryAfter):
      let words = status < 300 ? "the API's answer cannot be read: \(reason)" : Self.words(for: status)
      self.init(words, retryAfter: Self.pause(retryAfter))
    case .redirect(let status, _):
      self.init("the API answers with a redirect (\(status)), which is not followed; set `api` to where the API is")
    case .answerTooLarge(let limit): self.init("the API's answer is larger than \(limit) bytes")
    case .timeout(let duration): self.init("the API gave no complete answer within \(duration)")
    case .connection(let reason): self.init("the API cannot be reached: \(reason)")
    case .cancelled: self.init("the reading was ended")
    case .invalidArgument(let name, let reason): self.init("\(name) \(reason)")
    case .tokenUnavailable: self.init("the service token holds characters that no token can have")
    case .endlessList: self.init("the API's list does not end")
    }
  }

  private static func words(for status: Int) -> String {
    switch status {
    case 401: "the API refuses the service token (401); renew it"
    case 403: "the service token may not list tokens (403); it needs the scope userApiTokens.get"
    case 404: "the API has no list of tokens there (404); check `api`"
    case 429: "the API asks for fewer requests (429)"
    default: "the API answers with \(status)"
    }
  }

  /// A date says too little without the API's own clock.
  private static func pause(_ retryAfter: RetryAfter?) -> Int64? {
    guard case .seconds(let seconds)? = retryAfter else { return nil }
    return Int64(min(max(seconds, 0), 86_400)) * Nanoseconds.second
  }
}
