import GatewayKit
import HTTPWire

// Kept answers that the origin is asked about.
extension CacheFilter: RevalidationFilter {
  /// Asks the origin about a kept answer, where that can be done.
  func validate(_ kept: CachedResponse, for exchange: Exchange, _ directives: RequestDirectives) -> ValidatedAnswer {
    let outcome = StoredAnswers.outcome(kept, for: exchange.request, exchange)
    // Another filter's conditions are about what that has kept.
    let isConditional = kept.isRevalidated && !Validation.hasConditions(exchange)
    if isConditional { Validation.addConditions(of: kept.validators, to: exchange) }
    return ValidatedAnswer(
      response: kept, outcome: outcome, helpOnError: directives.helpOnError(kept), isConditional: isConditional)
  }

  /// An origin that calls another answer unchanged than is kept has a newer one: what is kept goes, and the origin is asked
  /// once more as if there had been nothing (RFC 9111 section 4.3.3).
  func wantsAnother(_ exchange: Exchange) -> Bool {
    guard let job = exchange[slot] as? StoreJob, job.validated != nil else { return false }
    return judge(exchange, job) == .contradictory
  }

  func willAskAnew(_ exchange: Exchange) {
    guard let job = exchange[slot] as? StoreJob, let answer = job.validated else { return }
    withdraw(answer.response, exchange)
    Validation.removeConditions(from: exchange)
    job.askAnew()
    // What comes is of the time from now on: that what is kept was withdrawn does not make it worthless.
    if let domain = exchange.domain { job.version = mark(of: exchange, domain, at: store.caches.versions.now) }
    job.sharedTime = tier?.time
  }

  /// Whether the origin's response may be one in whose place a kept answer is given.
  func isAboutKept(_ exchange: Exchange, _ job: StoreJob) -> Bool {
    switch judge(exchange, job) {
    case .valid, .contradictory: return true
    case .failed: return job.validated.map { helps($0, job, exchange) } ?? false
    case .other: return false
    }
  }

  func revalidated(_ exchange: Exchange) -> Reply? {
    guard let job = exchange[slot] as? StoreJob else { return nil }
    switch (judge(exchange, job), job.validated) {
    case (.valid(let updates), let answer?): return freshen(answer, job, exchange, updates: updates)
    case (.contradictory, let answer):
      if let answer { withdraw(answer.response, exchange) }
      job.seat?.finish(.alone)
      lines.addForwarded(ForwardStatus(reason: job.forwarded, status: 304, collapsed: job.collapsed), to: exchange)
      return Validation.contradiction
    case (.failed, let answer?): return helpOut(answer, job, exchange, status: exchange.response.status)
    default: return nil
    }
  }

  func upstreamFailed(_ exchange: Exchange) -> Reply? {
    guard let job = exchange[slot] as? StoreJob, let answer = job.validated else { return nil }
    return helpOut(answer, job, exchange, status: nil)
  }

  private func judge(_ exchange: Exchange, _ job: StoreJob) -> Validation.Verdict {
    guard let answer = job.validated else {
      // Where nothing was asked about, nothing can be unchanged.
      return job.isAskedAnew && exchange.response.status == 304 ? .contradictory : .other
    }
    return Validation.judge(exchange.response, answer, now: exchange.loop.wall / 1_000_000_000)
  }
}

// MARK: - Valid answers

extension CacheFilter {
  /// The kept answer as the origin's 304 updates it, which takes its place if it may be kept (RFC 9111 section 4.3.4).
  private func freshen(
    _ answer: ValidatedAnswer, _ job: StoreJob, _ exchange: Exchange, updates: Bool
  ) -> Reply {
    exchange.cacheResult = "revalidated"
    store.counters.validated.add()
    job.account?.countValidation()
    let kept = answer.response
    addTags(of: kept, to: job)
    guard updates, let head = FreshenedHead.make(of: kept, updatedBy: exchange.response.block) else {
      return give(kept, isStored: false, answer, job, exchange)
    }
    SetCookie.pass(from: exchange.response.block, to: exchange)
    exchange.response = head
    // What may not be kept any more is given this once.
    let (fresh, isStored) = replace(kept, job, exchange)
    return give(fresh, isStored: isStored, answer, job, exchange)
  }

  /// Puts the kept answer with the head of the exchange in its own place, unless that forbids it.
  func replace(_ kept: CachedResponse, _ job: StoreJob, _ exchange: Exchange) -> (CachedResponse, isStored: Bool) {
    let keeping = isReached(job) ? rules.termsOfWhole(exchange, began: job.began) : nil
    let terms =
      keeping
      ?? StoreRules.Terms(
        status: kept.reply.status, lifetime: 0, age: 0, answersConditions: kept.notModified != nil)
    job.keepHead(of: exchange, terms)
    job.keepBody(of: kept)
    let fresh = CachedResponse(job, terms: terms, now: job.headTime)
    if keeping == nil { withdraw(kept, exchange) }
    let isStored = keeping != nil && store.insert(fresh, mostVariants: variants, hasOldBody: true)
    if isStored { share(fresh, exchange, job) }
    return (fresh, isStored)
  }

  private func give(
    _ response: CachedResponse, isStored: Bool, _ answer: ValidatedAnswer, _ job: StoreJob, _ exchange: Exchange
  ) -> Reply {
    job.seat?.finish(isStored && response.wasFresh ? .answered : .alone)
    let status = ForwardStatus(reason: job.forwarded, status: 304, isStored: isStored, collapsed: job.collapsed)
    lines.addForwarded(status, giving: response, to: exchange)
    return StoredAnswers.reply(response, answer.outcome, exchange)
  }
}

// MARK: - Help on errors

extension CacheFilter {
  /// Whether the kept answer may be given though it is stale, since the origin fails (RFC 5861 section 4).
  ///
  /// - Parameters:
  ///   - most: for how many nanoseconds after its freshness.
  ///   - time: when it was found, in changes: it was not purged before.
  func helps(_ response: CachedResponse, for most: Int64, since time: UInt64, _ now: Int64) -> Bool {
    now &- response.expires < most && store.isCurrent(response, since: time)
  }

  private func helps(_ answer: ValidatedAnswer, _ job: StoreJob, _ exchange: Exchange) -> Bool {
    helps(answer.response, for: answer.helpOnError, since: job.version.began, exchange.loop.now)
  }

  private func helpOut(
    _ answer: ValidatedAnswer, _ job: StoreJob, _ exchange: Exchange, status: UInt16?
  ) -> Reply? {
    guard helps(answer, job, exchange) else { return nil }
    job.seat?.finish(.failed)
    // Of the gateway's own request nobody gets it.
    if !exchange.isDetached {
      exchange.cacheResult = "stale"
      store.counters.staleOnError.add()
      job.account?.countHelp()
    }
    let status = ForwardStatus(reason: job.forwarded, status: status, collapsed: job.collapsed)
    lines.addForwarded(status, giving: answer.response, to: exchange)
    return StoredAnswers.reply(answer.response, answer.outcome, exchange)
  }
}
