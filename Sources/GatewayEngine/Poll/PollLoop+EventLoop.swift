package import NIOCore

#if canImport(Dispatch)
  package import Dispatch
#endif

// What NIO asks of an event loop besides running tasks.
extension PollLoop {
  package func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
    let promise = makePromise(of: T.self)
    execute { promise.assumeIsolatedUnsafeUnchecked().completeWith(Result { try task() }) }
    return promise.futureResult
  }

  @discardableResult
  package func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    let entry = ScheduledEntry()
    let work: @Sendable () -> Void = { [self] in
      guard !entry.isCancelled else { return }
      entry.id = schedule.add(at: deadline) {
        promise.assumeIsolatedUnsafeUnchecked().completeWith(Result { try task() })
      }
    }
    if inEventLoop { work() } else { execute(work) }
    return Scheduled(
      promise: promise,
      cancellationTask: { [self] in
        let cancel: @Sendable () -> Void = { [self] in
          entry.isCancelled = true
          if let id = entry.id { schedule.cancel(id) }
        }
        if inEventLoop { cancel() } else { execute(cancel) }
      })
  }

  @discardableResult
  package func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    scheduleTask(deadline: .now() + delay, task)
  }

  package func preconditionInEventLoop(file: StaticString, line: UInt) {
    precondition(inEventLoop, file: file, line: line)
  }

  package func preconditionNotInEventLoop(file: StaticString, line: UInt) {
    precondition(!inEventLoop, file: file, line: line)
  }

  package func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }

  /// A loop is ended by ``stop()``; as a group of one it cannot be.
  package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    queue.async { callback(EventLoopError.unsupportedOperation) }
  }
}

/// A scheduled task's place; the loop's thread alone touches it.
private final class ScheduledEntry: @unchecked Sendable {
  var id: UInt64?
  var isCancelled = false
}
