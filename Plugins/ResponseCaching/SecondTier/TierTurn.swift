import GatewayKit
import HTTPWire

/// A request's question to a store that gateways share.
final class TierQuestion {
  let key: Flights.Key
  /// What an answer is about, with the tags that are known before it is there, and of what time: whatever was changed here
  /// since then may not be known there.
  let mark: AnswerVersions.Mark
  /// The request's fields, for what answers vary by.
  let block: FieldBlock
  let mostVariants: Int
  /// What the request goes through: answers of those that go another way are not for it.
  let policy: Fingerprint
  let resumption: Resumption
  /// Whether an answer was found, and is kept here now.
  var isFound = false
  /// Whether nobody waits any more.
  var isAbandoned = false

  init(
    _ key: Flights.Key, _ mark: AnswerVersions.Mark, _ block: FieldBlock, mostVariants: Int, policy: Fingerprint,
    _ resumption: Resumption
  ) {
    (self.key, self.mark, self.block) = (key, mark, block)
    (self.mostVariants, self.policy, self.resumption) = (mostVariants, policy, resumption)
  }
}

/// A request that asks, until it goes on or ends.
final class TierTurn {
  let question: TierQuestion
  /// How it goes on when nothing is found.
  let way: CacheFilter.Way

  init(_ question: TierQuestion, _ way: CacheFilter.Way) {
    self.question = question
    self.way = way
  }

  deinit { question.isAbandoned = true }
}
