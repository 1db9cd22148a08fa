import GatewayKit
import Logging
import NIOCore
import Synchronization
import UserApiTokens

extension TokenRegistry {
  /// Wakes the following when the next reading is due.
  func arm() {
    let waker = waker
    state.withLock { state in
      guard !state.isClosed else { return }
      let pause = state.schedule.next(hasWaiters: !state.waiting.isEmpty).subtractingReportingOverflow(
        clock.monotonic())
      state.timer?.cancel()
      state.timer = eventLoopGroup.next().scheduleTask(
        in: .nanoseconds(max(pause.overflow ? 0 : pause.partialValue, 0))
      ) {
        _ = waker.yield()
      }
    }
  }

  /// Reads if it is time. Gives what went wrong.
  @discardableResult
  func turn(_ reader: ListReader) async -> ReadingProblem? {
    let began = clock.monotonic()
    let task = state.withLock { state -> (step: Schedule.Step, known: Int?, mark: ListMark?)? in
      let hasWaiters = !state.waiting.isEmpty
      guard !state.isClosed, began >= state.schedule.next(hasWaiters: hasWaiters) else { return nil }
      (state.underWay, state.waiting) = (state.waiting, [])
      return (state.schedule.begin(at: began, hasWaiters: hasWaiters), state.list?.tokens.count, state.mark)
    }
    guard let task else { return nil }
    do throws(ReadingProblem) {
      let outcome = try await reader.read(task.step, at: began, known: task.known, mark: task.mark)
      succeeded(outcome, began)
      return nil
    } catch {
      failed(error)
      return error
    }
  }

  private func succeeded(_ outcome: ListReader.Outcome, _ began: Int64) {
    let list = take(outcome, began)
    let (ended, random) = (clock.monotonic(), UInt64.random(in: .min ... .max))
    let (waiters, hasRecovered) = state.withLock { state in
      var isTorn = false
      var isWhole = false
      if case .changed(let reading) = outcome {
        state.mark = reading.mark
        (isTorn, isWhole) = (reading.isTorn, !reading.isTorn)
      }
      // A reading in pieces may have missed a token; who waits for it waits for the next.
      if !isTorn {
        for waiter in state.underWay where list?.tokens[waiter.id] == nil { state.absent.insert(waiter.id) }
      }
      state.schedule.succeeded(began: began, ended: ended, whole: isWhole, random: random)
      defer { (state.underWay, state.isFailing) = ([], false) }
      return (state.underWay, state.isFailing)
    }
    for waiter in waiters { waiter.resumption.resume(.again) }
    if hasRecovered { logger.notice("the list of tokens is followed again", metadata: ["api": "\(settings.api)"]) }
  }

  /// Puts what was read in force; gives the list that is.
  private func take(_ outcome: ListReader.Outcome, _ began: Int64) -> TokenList? {
    let list = list
    guard case .changed(let reading) = outcome else {
      list?.confirm(at: began)
      return list
    }
    counts.readings.add()
    let old =
      list
      ?? TokenList(
        version: 0, ownerID: nil, tokens: [:], vanished: BoundedIDs(most: settings.mostTokens), began: began)
    if let new = old.replaced(by: reading, isFirst: list == nil) {
      publish(new)
      return new
    }
    old.confirm(at: began)
    return old
  }

  private func failed(_ problem: ReadingProblem) {
    counts.failures.add()
    let (now, random) = (clock.monotonic(), UInt64.random(in: .min ... .max))
    let (waiters, isNew) = state.withLock { state in
      state.schedule.failed(at: now, retryAfter: problem.retryAfter, random: random)
      let isNew = !state.isFailing && !state.isClosed && state.list != nil
      defer { (state.underWay, state.waiting, state.isFailing) = ([], [], true) }
      return (state.underWay + state.waiting, isNew)
    }
    for waiter in waiters { waiter.resumption.resume(.again) }
    guard isNew else { return }
    logger.warning(
      "the list of tokens cannot be read; the last good one stays in force",
      metadata: ["api": "\(settings.api)", "problem": "\(problem)"])
  }
}
