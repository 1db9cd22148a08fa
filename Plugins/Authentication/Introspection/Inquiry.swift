import GatewayKit
import Synchronization

/// One question on its way: asked once, whoever else has it waits for the same answer.
final class Inquiry: Sendable {
  let token: [UInt8]
  let domain: DomainFacts?
  /// What the token says of itself. It counts for nothing until the answer is that the token is good.
  let candidate: VerifiedToken?
  /// Whether a key has vouched for the token, so that no facts are needed of the answer.
  let isVerified: Bool
  private let outcome = Mutex<Answer?>(nil)

  init(_ question: Question, candidate: VerifiedToken?, isVerified: Bool) {
    token = Array(question.token)
    domain = question.domain
    self.candidate = candidate
    self.isVerified = isVerified
  }

  /// The answer, once there is one. Who waited reads it here, so that no full table can make anyone ask for ever.
  var answer: Answer? {
    get { outcome.withLock { $0 } }
    set { outcome.withLock { $0 = newValue } }
  }

  /// Whose question it is, for fair shares.
  var owner: UInt16 { domain?.shard ?? 0 }

  var key: Key { Key(token: token, domain: domain?.name) }

  /// Names a question; all of it is compared.
  struct Key: Hashable, Sendable {
    let token: [UInt8]
    let domain: String?
  }
}
