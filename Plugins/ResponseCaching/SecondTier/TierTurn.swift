import GatewayKit
import HTTPWire

/// A request's question to a store that gateways share.
final class TierQuestion {
  let key: Flights.Key
  /// What an answer is about, and of what time: whatever was changed here since then may not be known there.
  let mark: AnswerVersions.Mark
  /// The request's fields, for what answers vary by.
  let block: FieldBlock
  let mostVariants: Int
  let resumption: Resumption
  /// Whether an answer was found, and is kept here now.
  var isFound = false
  /// Whether nobody waits any more.
  var isAbandoned = false

  init(
    _ key: Flights.Key, _ mark: AnswerVersions.Mark, _ block: FieldBlock, mostVariants: Int, _ resumption: Resumption
  ) {
    (self.key, self.mark, self.block, self.mostVariants, self.resumption) = (key, mark, block, mostVariants, resumption)
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
