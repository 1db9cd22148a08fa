import GatewayKit
import Logging
import Synchronization

extension KeyStore {
  /// Fetches what is remote and begins to renew in the background. Fails when a source gives no key at all.
  func start() async throws(KeyProblem) {
    let begins = state.withLock { state in
      if state.isStarted || state.isClosed { return false }
      state.isStarted = true
      if isRemote { state.fetcher = KeyFetcher(eventLoopGroup: eventLoopGroup) }
      return true
    }
    guard begins else { return }
    let problems = await renew()
    let isWithoutKeys = state.withLock { state in state.keys.contains { $0.isEmpty } }
    if isWithoutKeys {
      await shutdown()
      throw KeyProblem(problems.first ?? "a key set holds no key that verifies signatures")
    }
    for index in renewable { renewInBackground(index) }
  }

  private var renewable: [Int] {
    state.withLock { state in state.sources.indices.filter { !state.sources[$0].isFixed } }
  }

  private func renewInBackground(_ index: Int) {
    let task = Task { [weak self, clock, refresh] in
      var delay = refresh
      while (try? await clock.sleep(nanoseconds: delay)) != nil {
        guard let self else { return }
        delay = await self.renewed(index)
      }
    }
    let isClosed = state.withLock { state in
      if !state.isClosed { state.tasks.append(task) }
      return state.isClosed
    }
    if isClosed { task.cancel() }
  }

  /// Renews a source unless that was done just now.
  ///
  /// - Returns: how long it is until the next renewal: after failures sooner than usual, each time later.
  private func renewed(_ index: Int) async -> Int64 {
    let now = clock.monotonic()
    let delay = state.withLock { $0.flights[index].delay(at: now, cooldown: cooldown) }
    if delay == 0, begin(index) { _ = await runFetch(index) }
    let failures = state.withLock { $0.flights[index].failures }
    guard failures > 0 else { return refresh }
    return min(refresh, max(cooldown, 1_000_000_000) << Int64(min(failures, 10)))
  }

  /// Renews every source now unless that is under way.
  ///
  /// - Returns: what went wrong.
  @discardableResult
  func renew() async -> [String] {
    await withTaskGroup(of: String?.self) { group in
      for index in renewable where begin(index) { group.addTask { await self.runFetch(index) } }
      return await group.reduce(into: []) { problems, problem in
        if let problem { problems.append(problem) }
      }
    }
  }

  /// Ends renewals; those who wait are asked again and judged by the keys there are.
  func shutdown() async {
    let (tasks, waiters, fetcher) = state.withLock { state in
      state.isClosed = true
      defer {
        state.waiters = []
        state.tasks = []
        state.fetcher = nil
      }
      return (state.tasks, state.waiters, state.fetcher)
    }
    for task in tasks { task.cancel() }
    for waiter in waiters { waiter.resumption.resume(.again) }
    await fetcher?.shutdown()
  }

  /// Reads a source anew and lets those who wait for it try again. The caller has begun the fetch.
  ///
  /// - Returns: what went wrong.
  func runFetch(_ index: Int) async -> String? {
    let (source, fetcher) = state.withLock { ($0.sources[index], $0.fetcher) }
    let result = await read(source, fetcher)
    metrics[index]?.fetches.add()
    var problem: String?
    if case .failure(let error) = result {
      metrics[index]?.failures.add()
      problem = report(error, of: source)
    }
    let now = clock.monotonic()
    let (woken, isWanted) = state.withLock { state in
      var hasNew = false
      if case .success(let renewed?) = result { hasNew = Self.apply(renewed, to: index, &state) }
      state.flights[index].complete(isGood: problem == nil)
      return wake(after: index, hasNew: hasNew, at: now, &state)
    }
    for waiter in woken { waiter.resumption.resume(.again) }
    if isWanted { Task { await self.fetchWhenDue(index) } }
    return problem
  }
}

// MARK: - Reading

extension KeyStore {
  private struct Renewed: Sendable {
    var source: KeySource
    var keys: [VerificationKey]
  }

  /// The source's keys now; nil when they are as they were.
  private func read(_ source: KeySource, _ fetcher: KeyFetcher?) async -> Result<Renewed?, any Error> {
    do {
      switch source {
      case .fixed: return .success(nil)
      case .file(let path, let terms, let stamp):
        let now = FileStamp(path)
        if now == stamp, now != nil { return .success(nil) }
        let keys = try KeySource.readKeySet(path, terms: terms)
        return .success(Renewed(source: .file(path: path, terms: terms, stamp: now), keys: keys))
      case .remote(let url, let terms):
        guard let fetcher else { return .success(nil) }
        let content = try await fetcher.fetch(url, terms: terms)
        for problem in content.problems {
          logger.warning(
            "a key of a key set cannot be used", metadata: ["source": "\(source.label)", "problem": "\(problem)"])
        }
        // A set of nothing but broken keys is a broken set; one that is empty says that no key is good any more.
        if content.keys.isEmpty, let problem = content.problems.first { throw KeyProblem(problem) }
        let keys = content.keys.filter { !$0.algorithms.isDisjoint(with: permittedFromAddress) }
        return .success(Renewed(source: source, keys: keys))
      }
    } catch {
      return .failure(error)
    }
  }

  /// Takes keys over. Those that stay remain the same objects; the others are retired.
  ///
  /// - Returns: whether there is a key among them that was not there.
  private static func apply(_ renewed: Renewed, to index: Int, _ state: inout State) -> Bool {
    let old = state.keys[index]
    let new = renewed.keys.map { key in old.first { $0.isSame(as: key) } ?? key }
    for key in old where !new.contains(where: { $0 === key }) { key.retire() }
    state.sources[index] = renewed.source
    state.keys[index] = new
    state.current = KeySet(state.keys.flatMap { $0 })
    return new.contains { key in !old.contains { $0 === key } }
  }

  private func report(_ error: any Error, of source: KeySource) -> String {
    let problem = (error as? KeyProblem)?.message ?? "could not be fetched: \(error)"
    logger.warning(
      "keys could not be renewed", metadata: ["source": "\(source.label)", "problem": "\(problem)"])
    return "\(source.label): \(problem)"
  }
}
