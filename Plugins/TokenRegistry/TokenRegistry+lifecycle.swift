import AsyncHTTPClient
import GatewayKit
import Logging
import NIOCore
import Synchronization
import UserApiTokens

extension TokenRegistry {
  /// Reads the list for the first time and begins to follow it. Fails when it cannot be read.
  func start() async throws(ReadingProblem) {
    let httpClient = state.withLock { state -> HTTPClient? in
      if state.isStarted || state.isClosed { return nil }
      state.isStarted = true
      let made = makeHTTPClient()
      state.httpClient = made
      return made
    }
    guard let httpClient else { return }
    let reader = makeReader(httpClient)
    if let problem = await turn(reader) {
      await shutdown()
      throw ReadingProblem("the list of tokens at \(settings.api) cannot be read: \(problem)")
    }
    let following = Task { [self] in
      arm()
      for await _ in wakes {
        await turn(reader)
        arm()
      }
    }
    let isClosed = state.withLock { state in
      if !state.isClosed { state.following = following }
      return state.isClosed
    }
    if isClosed { following.cancel() }
  }

  /// Ends the following; those who wait are asked again and refused.
  func shutdown() async {
    let (waiters, following, httpClient) = state.withLock { state in
      state.isClosed = true
      state.timer?.cancel()
      defer {
        (state.waiting, state.underWay) = ([], [])
        (state.following, state.httpClient, state.timer) = (nil, nil, nil)
      }
      return (state.waiting + state.underWay, state.following, state.httpClient)
    }
    for waiter in waiters { waiter.resumption.resume(.again) }
    following?.cancel()
    waker.finish()
    await following?.value
    // It fails only when it was shut down before.
    try? await httpClient?.shutdown()
  }

  private func makeHTTPClient() -> HTTPClient {
    var configuration = UserApiTokensClient.httpClientConfiguration
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
    return HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
  }

  private func makeReader(_ httpClient: HTTPClient) -> ListReader {
    let client = UserApiTokensClient(configuration: configuration, tokens: serviceToken, httpClient: httpClient)
    return ListReader(
      client: client, domain: settings.domain, mostTokens: settings.mostTokens, needsOwner: settings.unlisted == .owner,
      clock: clock, tuning: tuning, probes: counts.probes)
  }
}
