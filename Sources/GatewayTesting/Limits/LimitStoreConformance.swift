public import GatewayKit

/// What every store of limits must do. A store's own tests run ``check(_:seeds:)`` and are told the first thing that is
/// wrong, with the seed that shows it.
///
/// A subject is driven on event loops of the gateway's own, and time is passed in: the store must judge by the times that it
/// is given, not by a clock of its own.
public enum LimitStoreConformance {
  /// What a store did that it must not do.
  public struct Violation: Error, CustomStringConvertible {
    /// What was expected and what happened.
    public let description: String
  }

  /// A store, as the checks see it: one or several gateways that share the same allowances.
  public struct Subject: Sendable {
    let stores: [any LimitStore]
    let loops: Int
    let lease: LimitLease?

    /// - Parameters:
    ///   - stores: the store of each gateway. They are empty, have room for at least 1000 callers, and judge by the times
    ///     that they are given.
    ///   - loops: how many event loops each gateway has.
    ///   - lease: how units are taken in advance; then what is admitted need not be exact, but within the stated bound. Nil
    ///     where the store must be exact.
    public init(_ stores: [any LimitStore], loops: Int = 1, lease: LimitLease? = nil) {
      self.stores = stores
      self.loops = loops
      self.lease = lease
    }
  }

  /// Runs all checks that are meant for the subject.
  ///
  /// - Parameter seeds: one round of random arrivals for each.
  public static func check(_ subject: Subject, seeds: Range<UInt64> = 0..<8) async throws {
    let driver = try await LimitDriver(subject.stores, loops: subject.loops)
    do {
      if let lease = subject.lease {
        for seed in seeds { try await checkBounds(driver, subject, lease, seed) }
      } else {
        try await checkExamples(driver)
        for seed in seeds { try await checkExactly(driver, seed) }
      }
    } catch {
      await driver.stop()
      throw error
    }
    await driver.stop()
  }

  static func expect<T: Equatable>(_ found: T, _ wanted: T, _ what: @autoclosure () -> String) throws {
    if found != wanted { throw Violation(description: "\(what()): expected \(wanted), found \(found)") }
  }

  static func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: what()) }
  }

  static func made<T>(_ value: T?) throws -> T {
    guard let value else { throw Violation(description: "a rule of the checks cannot be made") }
    return value
  }
}
