import GatewayKit

// How connections are made.

extension UpstreamPool {
  /// A connection to one endpoint and no other, for a check of its health. It counts as no connection of the pool's, so
  /// that it takes none away from the requests.
  func connectToCheck(_ endpoint: Int, _ waiter: any UpstreamWaiter) -> UpstreamWish {
    let wish = UpstreamWish(waiter, of: 0, nil)
    wish.isPinned = true
    let attempt = ConnectAttempt(wish, pool: self, endpoint: endpoint)
    wish.attempt = attempt
    attempt.start()
    return wish
  }

  /// A connection for a wish whose domain has its slot.
  @discardableResult
  func connect(_ wish: UpstreamWish, to endpoint: Int) -> UpstreamWish {
    open += 1
    openTo[endpoint] += 1
    wish.tried.insert(endpoint)
    states[endpoint].inFlight += 1
    worker.counters.upstreamOpen &+= 1
    worker.counters.upstreamConnects &+= 1
    ConnectAttempt(wish, pool: self, endpoint: endpoint).start()
    return wish
  }

  /// An attempt has its connection, which counts as in flight already.
  func connected(_ connection: UpstreamConnection, for wish: UpstreamWish) {
    connection.isCheck = wish.isPinned
    connection.isCounted = !wish.isPinned
    connection.domain = wish.domain
    guard let waiter = wish.end() else { return release(connection) }
    waiter.upstreamReady(connection)
  }

  /// Nothing has been sent yet, so every endpoint is tried once, whatever the method.
  func failed(_ attempt: ConnectAttempt, _ failure: UpstreamFailure) {
    let wish = attempt.wish
    if wish.isPinned {
      wish.end()?.upstreamUnavailable(failure)
      return
    }
    states[attempt.endpoint].inFlight -= 1
    closedOne(attempt.endpoint)
    worker.counters.upstreamConnectFailures &+= 1
    failed(attempt.endpoint)
    if wish.isWanted, let next = choose(wish.key, wish.tried) {
      connect(wish, to: next)
    } else {
      shares.give(wish.domain)
      wish.end()?.upstreamUnavailable(failure)
    }
    serveWaiting()
  }

  /// A connection or an attempt is no more.
  func closedOne(_ endpoint: Int) {
    open -= 1
    openTo[endpoint] -= 1
    worker.counters.upstreamOpen &-= 1
  }
}
