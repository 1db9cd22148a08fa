import Logging
import Synchronization

/// Tells the log about an endpoint that does not answer: at the first failure and then once in a while.
final class EndpointLog: Sendable {
  private static let pause: Int64 = 10_000_000_000

  private let logger: Logger
  private let endpoint: String
  private let last = Mutex<Int64?>(nil)

  init(_ logger: Logger, endpoint: String) {
    self.logger = logger
    self.endpoint = endpoint
  }

  func failed(_ problem: EndpointProblem, at now: Int64) {
    let isTold = last.withLock { last in
      if let told = last, now &- told < Self.pause { return false }
      last = now
      return true
    }
    guard isTold else { return }
    logger.warning(
      "tokens cannot be introspected", metadata: ["endpoint": "\(endpoint)", "problem": "\(problem.message)"])
  }

  func answered() {
    let hadFailed = last.withLock { last in
      defer { last = nil }
      return last != nil
    }
    if hadFailed { logger.notice("tokens are introspected again", metadata: ["endpoint": "\(endpoint)"]) }
  }
}
