import Foundation

/// Runs an operation that is cancelled when its time is over.
package func withDeadline<Value: Sendable>(
  _ duration: Duration, _ operation: @escaping @Sendable () async throws -> Value
) async throws(UserApiTokensError) -> Value {
  let limit = min(max(duration, .milliseconds(1)), .seconds(86_400))
  do {
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await operation() }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      guard case .some(.some(let value)) = try await group.next() else { throw UserApiTokensError.timeout(limit) }
      return value
    }
  } catch let error as UserApiTokensError {
    // A transport that fails because its task was cancelled says so in its own words.
    throw Task.isCancelled ? .cancelled : error
  } catch {
    throw Task.isCancelled || error is CancellationError ? .cancelled : .connection(reason: "\(error)")
  }
}
