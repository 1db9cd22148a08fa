/// Who is asked about tokens.
protocol IntrospectionEndpoint: Sendable {
  /// Asks about a token in a domain. Ends within the endpoint's own deadline.
  func ask(_ token: [UInt8], domain: String?) async -> EndpointAnswer
}

/// What an endpoint said.
enum EndpointAnswer: Sendable {
  /// The token is good; the claims are there when the endpoint tells them.
  case active(JSONObject?)
  /// The token is not good.
  case inactive
  /// The endpoint did not say, or not in a form that can be trusted.
  case unavailable(EndpointProblem)
}

/// Why an endpoint did not say, as the end of a sentence. It holds nothing of a token or of the answer.
struct EndpointProblem: Sendable {
  let message: String
  /// Whether others would be told no more. What may be due to one token must not keep others from being asked about.
  let isGeneral: Bool

  init(_ message: String, isGeneral: Bool) {
    self.message = message
    self.isGeneral = isGeneral
  }

  /// An answer with a status that says nothing about the token.
  init(status: Int) {
    self.init("answered \(status)", isGeneral: status >= 500 || status == 429)
  }
}

/// What an answer tells about the endpoint itself.
enum EndpointHealth: Sendable {
  case alive, dead, unknown
}

extension EndpointAnswer {
  var health: EndpointHealth {
    guard case .unavailable(let problem) = self else { return .alive }
    return problem.isGeneral ? .dead : .unknown
  }
}
