import GatewayKit
import Logging
import Synchronization

extension KeyStore {
  /// Fetches what is remote and begins to renew in the background. Fails when a source gives no key at all.
  func start() async throws(KeyProblem) {
    let begins = state.withLock { state in
      if state.isStarted || state.isClosed { return false }
      state.isStarted = true
      state.isRenewing = true
      state.lastRenewal = clock.monotonic()
      if isRemote { state.fetcher = KeyFetcher(eventLoopGroup: eventLoopGroup) }
      return true
    }
    guard begins else { return }
    let problems = await runRenewal()
    let isWithoutKeys = state.withLock { state in state.keys.contains { $0.isEmpty } }
    if isWithoutKeys {
      await shutdown()
      throw KeyProblem(problems.first ?? "a key set holds no key that verifies signatures")
    }
    if !isFixed { renewInBackground() }
  }

  private func renewInBackground() {
    let background = Task { [weak self, refresh] in
      while (try? await Task.sleep(for: refresh)) != nil {
        guard let self else { return }
        await self.renew()
      }
    }
    let isClosed = state.withLock { state in
      state.background = state.isClosed ? nil : background
      return state.isClosed
    }
    if isClosed { background.cancel() }
  }

  /// Renews now unless that is under way.
  func renew() async {
    let begins = state.withLock { state in
      if state.isRenewing || state.isClosed || !state.isStarted { return false }
      state.isRenewing = true
      state.lastRenewal = clock.monotonic()
      return true
    }
    if begins { _ = await runRenewal() }
  }

  /// Ends renewals; those who wait are asked again and judged by the keys there are.
  func shutdown() async {
    let (background, waiters, fetcher) = state.withLock { state in
      state.isClosed = true
      defer {
        state.waiters = []
        state.background = nil
        state.fetcher = nil
      }
      return (state.background, state.waiters, state.fetcher)
    }
    background?.cancel()
    for waiter in waiters { waiter.resume(.again) }
    await fetcher?.shutdown()
  }

  /// Reads every source anew. The caller has set `isRenewing`.
  ///
  /// - Returns: what went wrong.
  func runRenewal() async -> [String] {
    let (sources, fetcher) = state.withLock { ($0.sources, $0.fetcher) }
    var problems: [String] = []
    await withTaskGroup(of: (Int, Result<Renewed?, any Error>).self) { group in
      for (index, source) in sources.enumerated() {
        group.addTask { (index, await self.read(source, fetcher)) }
      }
      for await (index, result) in group {
        switch result {
        case .success(let renewed?): apply(renewed, to: index)
        case .success(nil): break
        case .failure(let error): problems.append(report(error, of: sources[index]))
        }
      }
    }
    let waiters = state.withLock { state in
      state.isRenewing = false
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(.again) }
    return problems
  }

  private struct Renewed: Sendable {
    var source: KeySource
    var keys: [VerificationKey]
  }

  /// The source's keys now; nil when they are as they were.
  private func read(_ source: KeySource, _ fetcher: KeyFetcher?) async -> Result<Renewed?, any Error> {
    do {
      switch source {
      case .fixed: return .success(nil)
      case .file(let path, let issuer, let stamp):
        let now = FileStamp(path)
        if now == stamp, now != nil { return .success(nil) }
        let keys = try KeySource.readKeySet(path, issuer: issuer)
        return .success(Renewed(source: .file(path: path, issuer: issuer, stamp: now), keys: keys))
      case .remote(let url, let issuer):
        guard let fetcher else { return .success(nil) }
        let content = try await fetcher.fetch(url, issuer: issuer)
        for problem in content.problems {
          logger.warning("a key of a key set cannot be used", metadata: ["url": "\(url)", "problem": "\(problem)"])
        }
        // A set of nothing but broken keys is a broken set; one that is empty says that no key is good any more.
        if content.keys.isEmpty, let problem = content.problems.first { throw KeyProblem(problem) }
        let keys = content.keys.filter { permittedFromAddress.contains($0.algorithm) }
        return .success(Renewed(source: source, keys: keys))
      }
    } catch {
      return .failure(error)
    }
  }

  /// Takes keys over. Those that stay remain the same objects; the others are retired.
  private func apply(_ renewed: Renewed, to index: Int) {
    state.withLock { state in
      let old = state.keys[index]
      let new = renewed.keys.map { key in old.first { $0.isSame(as: key) } ?? key }
      for key in old where !new.contains(where: { $0 === key }) { key.retire() }
      state.sources[index] = renewed.source
      state.keys[index] = new
      state.current = KeySet(state.keys.flatMap { $0 })
    }
  }

  private func report(_ error: any Error, of source: KeySource) -> String {
    let problem = (error as? KeyProblem)?.message ?? "could not be fetched: \(error)"
    let place: String
    switch source {
    case .remote(let url, _): place = url
    case .file(let path, _, _): place = path
    case .fixed: place = "settings"
    }
    logger.warning("keys could not be renewed", metadata: ["source": "\(place)", "problem": "\(problem)"])
    return "\(place): \(problem)"
  }
}
