import GatewayKit

// Who gets a connection: idle ones, those who wait, and new ones.

extension UpstreamPool {
  /// An idle connection to an endpoint, for a domain that has its slot.
  func popIdle(_ endpoint: Int, for domain: Int) -> UpstreamConnection? {
    while let connection = idle[endpoint].popLast() {
      idleCount -= 1
      if connection.take() {
        begin(connection, for: domain)
        return connection
      }
    }
    return nil
  }

  /// The same to any endpoint that is not excluded.
  func popIdle(excluding excluded: EndpointSet, for domain: Int) -> UpstreamConnection? {
    for endpoint in idle.indices where !excluded.contains(endpoint) {
      if let connection = popIdle(endpoint, for: domain) { return connection }
    }
    return nil
  }

  func enqueue(_ wish: UpstreamWish) -> Acquisition {
    switch shares.wait(wish, of: wish.domain) {
    case .refused: return .refused(.tooManyWaiting)
    case .waits(let ticket): wish.queue(ticket)
    case .waitsInstead(of: let other, let ticket):
      wish.queue(ticket)
      drop(other)
    }
    return .waiting(wish)
  }

  /// Refuses a wish that has lost its place; not at once, since another exchange is being worked on.
  private func drop(_ wish: UpstreamWish) {
    wish.unqueue()
    shed &+= 1
    worker.loop.enqueue { wish.end()?.upstreamUnavailable(.overloaded) }
  }

  /// The wish whose turn it is, with a slot taken for it.
  func nextWish() -> UpstreamWish? {
    guard let wish = shares.next() else { return nil }
    wish.unqueue()
    return wish
  }

  /// Serves those who wait and may have a connection, as long as there is one to be had. Whoever is served may set off
  /// that others can be; that is left to the one that is serving already.
  func serveWaiting() {
    guard !isServing, shares.waiting > 0 else { return }
    isServing = true
    defer { isServing = false }
    while !isClosed, open < configuration.maxConnections || hasIdle(), let wish = nextWish() { serve(wish) }
  }

  /// Whether there is an idle connection; those that were closed without a word are dropped.
  private func hasIdle() -> Bool {
    for endpoint in idle.indices {
      while let connection = idle[endpoint].last {
        if connection.isOpen { return true }
        idle[endpoint].removeLast()
        idleCount -= 1
      }
    }
    return false
  }

  private func serve(_ wish: UpstreamWish) {
    guard let endpoint = choose(wish.key, wish.excluded) ?? choose(wish.key, EndpointSet()) else {
      return refuse(wish, .unresolved)
    }
    if !wish.isFresh, let connection = popIdle(endpoint, for: wish.domain) {
      wish.end()?.upstreamReady(connection)
    } else if open < configuration.maxConnections {
      connect(wish, to: endpoint)
    } else if let connection = popIdle(excluding: EndpointSet(), for: wish.domain) {
      wish.end()?.upstreamReady(connection)
    } else {
      refuse(wish, .tooManyWaiting)
    }
  }

  private func refuse(_ wish: UpstreamWish, _ failure: UpstreamFailure) {
    shares.give(wish.domain)
    wish.end()?.upstreamUnavailable(failure)
  }
}
