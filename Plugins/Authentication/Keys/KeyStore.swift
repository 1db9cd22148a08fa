import GatewayKit
import Logging
import NIOCore
import Synchronization

/// The keys that are good now, shared by all loops, and their renewal.
///
/// Of each source at most one fetch runs, and one begins in each cooldown at most. What fails leaves the last good keys
/// of its source in force.
final class KeyStore: Sendable {
  static let mostWaiters = 1024
  /// Nobody waits longer for a fetch to begin, so that there is time left for the fetch.
  static let longestWait: Int64 = 3_000_000_000
  /// A fetch that takes longer lets nobody wait for the one after it.
  static let longestFetch: Int64 = 1_000_000_000

  /// An exchange that waits for fetches.
  struct Waiter {
    let ticket: KeyTicket
    let resumption: Resumption
  }

  struct State {
    var sources: [KeySource]
    var keys: [[VerificationKey]]
    var current: KeySet
    var flights: [KeyFlight]
    var isStarted = false
    var isClosed = false
    var waiters: [Waiter] = []
    var tasks: [Task<Void, Never>] = []
    /// Made by `start`, because a client that was made has to be shut down.
    var fetcher: KeyFetcher?
  }

  let state: Mutex<State>
  let eventLoopGroup: any EventLoopGroup
  let permitted: Set<SignatureAlgorithm>
  /// What keys from an address may be for. A secret that stands there is known to whoever can read it, so only settings
  /// that name its algorithm take one.
  let permittedFromAddress: Set<SignatureAlgorithm>
  let clock: any GatewayClock
  let logger: Logger
  let cooldown: Int64
  let refresh: Int64
  /// The metrics of each source; nil for sources that are not fetched.
  let metrics: [KeyMetrics?]
  /// Whether keys come from an address, so that an unknown key may be had by asking again.
  let isRemote: Bool

  /// A store with the keys that can be had without the network.
  init(settings: AuthenticationSettings, environment: PluginEnvironment) throws(KeyProblem) {
    var sources: [KeySource] = []
    var keys: [[VerificationKey]] = []
    for source in settings.keys {
      let loaded = try KeySource.load(source, named: settings.algorithms)
      sources.append(loaded.source)
      keys.append(loaded.keys)
    }
    let named = Set(settings.algorithms)
    let secrets = keys.joined().flatMap { $0.algorithms.filter(\.isSymmetric) }
    permitted = named.isEmpty ? Set(SignatureAlgorithm.asymmetric + secrets) : named
    permittedFromAddress = named.isEmpty ? Set(SignatureAlgorithm.asymmetric) : named
    isRemote = sources.contains(where: \.isRemote)
    guard isRemote || Self.isUsable(keys.joined(), named) else {
      throw KeyProblem("none is for an algorithm that `algorithms` names")
    }
    eventLoopGroup = environment.eventLoopGroup
    clock = environment.clock
    logger = environment.logger
    cooldown = settings.cooldown.nanoseconds
    refresh = settings.refresh.nanoseconds
    metrics = sources.map { $0.isRemote ? KeyMetrics(environment.counters, source: $0.label) : nil }
    let now = environment.clock.monotonic()
    state = Mutex(
      State(
        sources: sources, keys: keys, current: KeySet(keys.flatMap { $0 }),
        flights: sources.map { _ in KeyFlight(made: now) }))
    for (index, source) in sources.enumerated() where source.isRemote {
      KeyMetrics.showAge(of: self, index, environment.counters, source: source.label)
    }
  }

  /// Whether one of the keys is for one of these algorithms. No key and no algorithm say nothing that could contradict.
  private static func isUsable(_ keys: some Collection<VerificationKey>, _ named: Set<SignatureAlgorithm>) -> Bool {
    keys.isEmpty || named.isEmpty || keys.contains { $0.algorithms.contains(where: named.contains) }
  }

  /// The keys that are good now.
  var current: KeySet { state.withLock { $0.current } }

  /// Whether keys at addresses have been asked for.
  var isStarted: Bool { state.withLock { $0.isStarted } }

  /// How many seconds ago the keys of a source were known to be the ones in force.
  func age(of index: Int) -> Int64 {
    let good = state.withLock { $0.flights[index].lastGood }
    return max(0, clock.monotonic().saturatingAdd(-good)) / 1_000_000_000
  }

}

extension Duration {
  /// The duration in whole nanoseconds, or the nearest number there is.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : whole.saturatingAdd(attoseconds / 1_000_000_000)
  }
}
