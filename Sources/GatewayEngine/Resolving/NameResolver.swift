import GatewayKit
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Keeps the addresses of names up to date, off the event loops.
///
/// Each name is asked for by itself, so that a slow one does not hold up the others, and at most ``Settings/concurrency``
/// at a time. A name that cannot be resolved keeps the addresses that it had.
final class NameResolver: Sendable {
  struct Settings: Sendable {
    /// Names that are asked for at the same time.
    var concurrency = 8
    /// Addresses of one name; what is beyond is left out.
    var mostAddresses = 64
    /// How soon a name is asked for again that has no address yet; doubled each time, up to its interval.
    var firstRetry = Duration.seconds(1)

    init() {}
  }

  /// What tests own.
  struct Surroundings: Sendable {
    /// Asks for a name; may block.
    var lookup: @Sendable (String) throws -> [SocketAddress] = AddressLookup.system
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// By what an interval is multiplied, so that names do not keep step.
    var jitter: @Sendable () -> Double = { .random(in: 0.9...1.1) }

    init() {}
  }

  private struct State {
    var names: [String: ResolvedName] = [:]
    var order: [ResolvedName] = []
    var running: Task<Void, Never>?
    var isStarted = false
  }

  private let settings: Settings
  private let surroundings: Surroundings
  private let logger: Logger
  private let succeeded: Counter
  private let failed: Counter
  private let threads: NIOThreadPool
  private let state = Mutex(State())

  init(
    settings: Settings = Settings(), surroundings: Surroundings = Surroundings(), counters: CounterRegistry,
    logger: Logger
  ) {
    self.settings = settings
    self.surroundings = surroundings
    self.logger = logger
    let (name, help) = ("gatehouse_resolutions_total", "Look-ups of upstream names.")
    succeeded = counters.counter(name, help: help, labels: [("result", "success")])
    failed = counters.counter(name, help: help, labels: [("result", "failure")])
    threads = NIOThreadPool(numberOfThreads: max(1, settings.concurrency))
  }

  /// Wants the addresses of `host`, now and whenever they change; to be called before ``start(timeout:)``.
  ///
  /// - Parameter deliver: called on any thread, with at least one address, each once, in order of preference, with the
  ///   port. For an address it is called at once and never again.
  func subscribe(
    host: String, port: Int, interval: Duration, deliver: @escaping @Sendable ([SocketAddress]) -> Void
  ) {
    if let address = try? SocketAddress(ipAddress: host, port: port) { return deliver([address]) }
    let name = state.withLock { state in
      let key = host.lowercased()
      if let known = state.names[key] { return known }
      let name = ResolvedName(host: host, interval: interval)
      state.names[key] = name
      state.order.append(name)
      return name
    }
    name.add(ResolvedName.Subscriber(port: port, deliver: deliver), interval: interval)
  }

  /// Asks for all names; returns when each has had its first answer, good or bad, or after `timeout`.
  func start(timeout: Duration) async {
    let first = FirstRound()
    let begun = state.withLock { state -> Bool in
      guard !state.isStarted else { return false }
      state.isStarted = true
      guard !state.order.isEmpty else { return false }
      first.expect(state.order.count)
      threads.start()
      state.running = Task { [names = state.order] in await self.run(names, first) }
      return true
    }
    guard begun else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await first.wait() }
      group.addTask { [sleep = surroundings.sleep] in
        try? await sleep(timeout)
        first.end()
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// No subscriber is called any more when this returns. A look-up that hangs is left to itself.
  func stop() async {
    let running = state.withLock { state in
      defer { state.running = nil }
      return state.running
    }
    guard let running else { return }
    running.cancel()
    await running.value
    threads.shutdownGracefully { _ in }
  }
}

// MARK: - One name

extension NameResolver {
  private func run(_ names: [ResolvedName], _ first: FirstRound) async {
    await withDiscardingTaskGroup { group in
      for name in names {
        group.addTask { await self.keep(name, first) }
      }
    }
    first.end()
  }

  private func keep(_ name: ResolvedName, _ first: FirstRound) async {
    var isFirst = true
    while !Task.isCancelled, let answer = await ask(name.host) {
      let pause = take(answer, for: name)
      if isFirst { first.arrived() }
      isFirst = false
      do { try await surroundings.sleep(pause * surroundings.jitter()) } catch { return }
    }
  }

  /// nil when the task was cancelled meanwhile.
  private func ask(_ host: String) async -> Result<[SocketAddress], any Error>? {
    let handoff = Handoff<Result<[SocketAddress], any Error>?>()
    return await withTaskCancellationHandler {
      threads.submit { [lookup = surroundings.lookup] state in
        handoff.give(state == .active ? Result { try lookup(host) } : nil)
      }
      return await handoff.take()
    } onCancel: {
      handoff.give(nil)
    }
  }

  /// - Returns: how long to wait before the name is asked for again.
  private func take(_ answer: Result<[SocketAddress], any Error>, for name: ResolvedName) -> Duration {
    switch answer {
    case .success(let found) where !found.isEmpty:
      succeeded.add()
      var seen: Set<SocketAddress> = []
      let addresses = found.filter { seen.insert($0).inserted }.prefix(settings.mostAddresses)
      tell(name, name.succeeded(Array(addresses)))
      return name.interval
    case .success: return fail(name, "the answer holds no address")
    case .failure(let error): return fail(name, "\(error)")
    }
  }

  private func fail(_ name: ResolvedName, _ reason: String) -> Duration {
    failed.add()
    let (failures, kept) = (name.failed(), name.addresses.count)
    if failures == 1 {
      logger.warning(
        "a name cannot be resolved",
        metadata: ["name": "\(name.host)", "reason": "\(reason)", "addresses_kept": "\(kept)"])
    }
    if kept > 0 { return name.interval }
    // Beyond 2^20 seconds every interval is shorter.
    return min(name.interval, settings.firstRetry * (1 << min(failures - 1, 20)))
  }

  private func tell(_ name: ResolvedName, _ answer: (changed: Bool, failures: Int)) {
    guard answer.changed || answer.failures > 0 else { return }
    let addresses = name.addresses.map { $0.ipAddress ?? "" }.joined(separator: " ")
    logger.info(
      answer.changed ? "the addresses of a name have changed" : "a name can be resolved again",
      metadata: ["name": "\(name.host)", "addresses": "\(addresses)"])
  }
}
