import GatewayKit
import Logging
import NIOCore
import Synchronization

/// The keys that are good now, shared by all loops, and their renewal.
///
/// One renewal runs at a time. What fails leaves the last good keys of its source in force.
final class KeyStore: Sendable {
  static let mostWaiters = 1024

  struct State {
    var sources: [KeySource]
    var keys: [[VerificationKey]]
    var current: KeySet
    var isStarted = false
    var isRenewing = false
    var isClosed = false
    var lastRenewal: Int64?
    var waiters: [Resumption] = []
    var background: Task<Void, Never>?
    /// Made by `start`, because a client that was made has to be shut down.
    var fetcher: KeyFetcher?
  }

  let state: Mutex<State>
  let eventLoopGroup: any EventLoopGroup
  let permitted: Set<SignatureAlgorithm>
  /// What keys from an address may be for. A secret that stands there is known to whoever can read it, so only settings
  /// that name HS256 take one.
  let permittedFromAddress: Set<SignatureAlgorithm>
  let clock: any GatewayClock
  let logger: Logger
  let cooldown: Int64
  let refresh: Duration
  /// Whether keys come from an address, so that an unknown key may be had by asking again.
  let isRemote: Bool
  /// Whether no key can change.
  let isFixed: Bool

  /// A store with the keys that can be had without the network.
  init(settings: AuthenticationSettings, environment: PluginEnvironment) throws(KeyProblem) {
    var sources: [KeySource] = []
    var keys: [[VerificationKey]] = []
    for source in settings.keys {
      let loaded = try KeySource.load(source)
      sources.append(loaded.source)
      keys.append(loaded.keys)
    }
    let hasLocalSecret = keys.joined().contains { $0.algorithm == .hs256 }
    let usual = SignatureAlgorithm.asymmetric + (hasLocalSecret ? [.hs256] : [])
    permitted = Set(settings.algorithms.isEmpty ? usual : settings.algorithms)
    permittedFromAddress = settings.algorithms.isEmpty ? Set(SignatureAlgorithm.asymmetric) : permitted
    isFixed = sources.allSatisfy { if case .fixed = $0 { true } else { false } }
    isRemote = sources.contains { if case .remote = $0 { true } else { false } }
    eventLoopGroup = environment.eventLoopGroup
    clock = environment.clock
    logger = environment.logger
    cooldown = settings.cooldown.nanoseconds
    refresh = settings.refresh
    state = Mutex(State(sources: sources, keys: keys, current: KeySet(keys.flatMap { $0 })))
  }

  /// The keys that are good now.
  var current: KeySet { state.withLock { $0.current } }

  /// Joins a renewal that runs, or begins one.
  ///
  /// - Parameter resumption: makes the right to be resumed, with ``Continuation/again``; called only when joined.
  /// - Returns: false when the last one was too short a time ago, or too many wait already.
  func awaitRenewal(_ resumption: () -> Resumption) -> Bool {
    guard isRemote else { return false }
    let now = clock.monotonic()
    let (joined, begins) = state.withLock { state -> (Bool, Bool) in
      guard state.fetcher != nil, state.waiters.count < Self.mostWaiters else { return (false, false) }
      if state.isRenewing {
        state.waiters.append(resumption())
        return (true, false)
      }
      if let last = state.lastRenewal, now &- last < cooldown { return (false, false) }
      state.isRenewing = true
      state.lastRenewal = now
      state.waiters.append(resumption())
      return (true, true)
    }
    if begins { Task { _ = await self.runRenewal() } }
    return joined
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
