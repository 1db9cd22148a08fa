import Logging
import Synchronization

/// Tells the log about an endpoint that does not answer: at the first failure and then once in a while, also when it
/// answers in between. What one client sends can make it fail, so failures and answers may alternate at every request.
final class EndpointLog: Sendable {
  private static let pause: Int64 = 10_000_000_000

  private let logger: Logger
  private let endpoint: String
  private let state = Mutex(State())

  private struct State {
    /// When a failure was told last.
    var told: Int64?
    /// Whether that it answers again has still to be told.
    var owesRecovery = false
  }

  init(_ logger: Logger, endpoint: String) {
    self.logger = logger
    self.endpoint = endpoint
  }

  func failed(_ problem: EndpointProblem, at now: Int64) {
    let isTold = state.withLock { state in
      if let told = state.told, now &- told < Self.pause { return false }
      (state.told, state.owesRecovery) = (now, true)
      return true
    }
    guard isTold else { return }
    logger.warning(
      "tokens cannot be introspected", metadata: ["endpoint": "\(endpoint)", "problem": "\(problem.message)"])
  }

  func answered() {
    let hadFailed = state.withLock { state in
      defer { state.owesRecovery = false }
      return state.owesRecovery
    }
    if hadFailed { logger.notice("tokens are introspected again", metadata: ["endpoint": "\(endpoint)"]) }
  }
}
