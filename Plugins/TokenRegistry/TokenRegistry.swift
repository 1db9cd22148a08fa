import AsyncHTTPClient
import GatewayKit
import Logging
import NIOCore
import Synchronization
import UserApiTokens

/// The list that is good now, shared by all loops, and those who wait for a newer one.
///
/// One reading runs at a time. What fails leaves the last good list in force.
final class TokenRegistry: Sendable {
  static let mostWaiters = 1024
  /// So many ids are known not to be listed.
  static let mostAbsent = 10_000

  struct Waiter: Sendable {
    let id: String
    let resumption: Resumption
  }

  struct State {
    var list: TokenList?
    var mark: ListMark?
    var schedule: Schedule
    /// Ids that a reading did not bring which began after they were first seen.
    var absent = BoundedIDs(most: TokenRegistry.mostAbsent)
    /// Those who wait for the next reading to begin.
    var waiting: [Waiter] = []
    /// Those who wait for the reading that runs to end.
    var underWay: [Waiter] = []
    var isFailing = false
    var isStarted = false
    var isClosed = false
    var httpClient: HTTPClient?
    var following: Task<Void, Never>?
    var timer: Scheduled<Void>?
  }

  enum LookUp { case absent, waits, busy, unavailable }

  let state: Mutex<State>
  let settings: TokenRegistrySettings
  let configuration: UserApiTokensClient.Configuration
  let serviceToken: ServiceToken
  let tuning: ListReader.Tuning
  let eventLoopGroup: any EventLoopGroup
  let clock: any GatewayClock
  let logger: Logger
  let counts: Counts
  let wakes: AsyncStream<Void>
  let waker: AsyncStream<Void>.Continuation
  private let published = Atomic<UInt64>(0)

  struct Counts: Sendable {
    let readings, probes, failures: Counter

    init(_ counters: CounterRegistry) {
      readings = counters.counter(
        "gatehouse_token_registry_readings_total", help: "Whole readings of a list of tokens that succeeded.")
      probes = counters.counter(
        "gatehouse_token_registry_probes_total", help: "Short questions whether a list of tokens has changed.")
      failures = counters.counter(
        "gatehouse_token_registry_failures_total", help: "Readings and probes of a list of tokens that failed.")
    }
  }

  init(
    settings: TokenRegistrySettings, environment: PluginEnvironment, tuning: ListReader.Tuning
  ) throws(ReadingProblem) {
    guard let token = settings.token else { throw ReadingProblem("there is no service token") }
    do throws(UserApiTokensError) {
      configuration = try UserApiTokensClient.Configuration(baseURL: settings.api, timeout: .seconds(15))
    } catch {
      throw ReadingProblem(error)
    }
    serviceToken = ServiceToken(token)
    self.settings = settings
    self.tuning = tuning
    eventLoopGroup = environment.eventLoopGroup
    clock = environment.clock
    logger = environment.logger
    counts = Counts(environment.counters)
    (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    let schedule = Schedule(
      interval: Nanoseconds.from(settings.interval), fullEvery: Nanoseconds.from(settings.fullEvery),
      now: environment.clock.monotonic())
    state = Mutex(State(schedule: schedule))
  }

  /// The version of the list that is good now; 0 when there is none yet. Loops look at it for every request, and at the
  /// list, which is behind a lock, only when it has changed.
  var version: UInt64 { published.load(ordering: .acquiring) }

  /// The list that is good now.
  var list: TokenList? { state.withLock { $0.list } }

  /// How many seconds ago the list was last known to hold; 0 when there is none yet. For a gauge.
  var age: Double {
    guard let list else { return 0 }
    return Double(max(clock.monotonic() - list.confirmed, 0)) / Double(Nanoseconds.second)
  }

  /// How many tokens the list has. For a gauge.
  var count: Int { list?.tokens.count ?? 0 }

  /// Puts a list in force.
  func publish(_ list: TokenList) {
    state.withLock { $0.list = list }
    published.store(list.version, ordering: .releasing)
  }

  /// Joins those who wait for a reading that begins from now on.
  ///
  /// - Parameter resumption: makes the right to be resumed, with ``Continuation/again``; called only when joined.
  func awaitReading(of id: String, _ resumption: () -> Resumption) -> LookUp {
    let result = state.withLock { state -> LookUp in
      if state.absent.contains(id) { return .absent }
      guard !state.isFailing, !state.isClosed, state.following != nil else { return .unavailable }
      guard state.waiting.count + state.underWay.count < Self.mostWaiters else { return .busy }
      state.waiting.append(Waiter(id: id, resumption: resumption()))
      return .waits
    }
    if result == .waits { waker.yield() }
    return result
  }
}
