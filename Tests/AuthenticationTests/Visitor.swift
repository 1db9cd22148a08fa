import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import Authentication
@testable import GatewayKit

/// Sends requests through the filters of several loops, waiting as an engine does. What is bound to a loop is used on
/// that loop only.
final class Visitor: @unchecked Sendable {
  let rig: Rig
  private let loops: [(context: LoopContext, filter: any IdentityFilter)]
  private let next = Atomic<Int>(0)

  init(_ rig: Rig, loops count: Int = 1) throws {
    self.rig = rig
    let group = MultiThreadedEventLoopGroup.singleton
    loops = try (0..<count).map { index in
      let context = LoopContext(
        eventLoop: group.next(), index: index, clock: rig.clock, random: SystemRandomNumberGenerator())
      guard let filter = rig.plugin.makeFilter(on: context) as? any IdentityFilter else { throw Rig.RigError.noFilter }
      return (context, filter)
    }
  }

  /// Runs a test with a plugin that was started.
  static func run(
    _ settings: Setting, environment: [String: String] = [:], loops: Int = 1,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ test: (Visitor) async throws -> Void
  ) async throws {
    let rig = try Rig(settings, environment: environment, logger: logger)
    let visitor = try Visitor(rig, loops: loops)
    try await rig.plugin.start()
    do { try await test(visitor) } catch {
      await rig.plugin.shutdown()
      throw error
    }
    await rig.plugin.shutdown()
  }

  var introspector: Introspector? { rig.plugin.judge.introspector }
  var clock: TestClock { rig.clock }

  /// How often the endpoint was asked: active, inactive, unavailable.
  var asked: [UInt64] {
    guard let counters = introspector?.counters else { return [] }
    return [counters.active.current, counters.inactive.current, counters.unavailable.current]
  }

  /// What becomes of a request with this token, in the end.
  func judge(_ token: String, domain: String = "example.com") async throws -> Judgement {
    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count
    let loop = loops[index].context.eventLoop
    return try await loop.flatSubmit { [self] in
      let promise = loop.makePromise(of: Judgement.self)
      do {
        let exchange = try rig.exchange(fields: ["Authorization: Bearer \(token)"], on: loops[index].context)
        exchange.domain = DomainFacts(name: domain)
        let driver = Driver(loops[index].filter, promise)
        exchange.driver = driver
        driver.go(exchange)
      } catch {
        promise.fail(error)
      }
      return promise.futureResult
    }.get()
  }

  func reason(_ token: String, domain: String = "example.com") async throws -> String {
    try await judge(token, domain: domain).text
  }

  /// Waits until so many exchanges wait for answers.
  func waitForWaiters(_ count: Int) async throws {
    while (introspector?.desk.load.waiting ?? 0) < count { try await Task.sleep(for: .milliseconds(2)) }
  }

  /// Waits until nothing is being asked.
  func waitForRest() async throws {
    while let load = introspector?.desk.load, load.running > 0 { try await Task.sleep(for: .milliseconds(2)) }
  }

  private final class Driver: ExchangeDriver {
    private let filter: any IdentityFilter
    private let promise: EventLoopPromise<Judgement>
    private var waits = 0

    struct WaitsForEver: Error {}

    init(_ filter: any IdentityFilter, _ promise: EventLoopPromise<Judgement>) {
      self.filter = filter
      self.promise = promise
    }

    func go(_ exchange: Exchange) {
      exchange.loop.refresh()
      let verdict = filter.identify(exchange)
      if case .wait = verdict {
        waits += 1
        if waits > 2 { promise.fail(WaitsForEver()) }
      } else {
        promise.succeed(Judgement(verdict, exchange.identity))
      }
    }

    func resumed(_ exchange: Exchange, _ continuation: Continuation) { go(exchange) }
  }
}
