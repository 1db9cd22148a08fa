import GatewayKit
import HTTPWire
import NIOCore

// Exchanges that become tunnels (RFC 9110 section 7.8): the WebSocket protocol, and no other.
extension ClientConnection {
  /// Whether the exchange may become a tunnel; an answer when it may but there are as many as may be.
  func judgeUpgrade(_ plan: RoutePlan) -> Reply? {
    wantsTunnel = exchange.request.upgradesToWebSocket && plan.allowsWebSocket
    return wantsTunnel && worker.entrance.tunnels.isFull ? Refusals.tunnelsExceeded : nil
  }

  /// What the request says of its connection to the origin.
  func addUpgradeFields() {
    if wantsTunnel {
      exchange.requestAdditions.add(rendered: Self.upgrade)
    } else if exchange.request.block.present.contains(.te), exchange.request.acceptsTrailers {
      exchange.requestAdditions.add(rendered: Self.trailers)
    }
  }

  private static let upgrade = ByteBuffer(staticString: HeadWriting.webSocketUpgrade)
  private static let trailers = ByteBuffer(string: "TE: trailers\r\nConnection: TE\r\n")

  /// The origin has switched protocols: from here on bytes pass as they are.
  func upstreamSwitched(_ head: inout ResponseHead) {
    guard adopt(&head) else { return }
    // Others may have become tunnels since this one asked.
    guard worker.entrance.tunnels.take() else {
      exchange.response.reset()
      upstream?.abandon()
      upstream = nil
      answer(Refusals.tunnelsExceeded)
      return process()
    }
    worker.counters.tunnelsOpen &+= 1
    if let chain {
      for filter in chain.responses { filter.response(exchange) }
    }
    isPersistent = false
    responseFraming = .none
    responseHasBegun = true
    exchange.outcome.status = exchange.response.status
    exchange.responseAdditions.add(rendered: Self.upgrade)
    exchange.response.serialize(
      into: &worker.clientOutput, framing: .none, suppressing: exchange.responseAdditions.names,
      extra: exchange.responseAdditions.lines)
    writeOutput()
    beginTunnel()
    // What the client sent ahead waits, and more of it is wanted.
    process()
  }

  private func beginTunnel() {
    stage = .tunnel
    // The token was judged once, so it holds no longer than it says.
    exchangeDeadline = .max
    if hasClientClosed { return endTunnel("client_closed") }
    if let expiry = exchange.identity?.expiry, expiry < .max {
      exchangeDeadline = worker.context.now &+ max(expiry &- worker.context.wall, 0)
    }
    arm(worker.limits.tunnelIdle)
  }

  /// Passes what the client has sent.
  func passInput() -> Bool {
    guard let upstream, input.readableBytes > 0, upstream.isWritable else { return false }
    exchange.outcome.requestBytes &+= UInt64(input.readableBytes)
    upstream.write(&input)
    arm(worker.limits.tunnelIdle)
    return false
  }

  /// Passes what the origin has sent.
  func upstreamPassed(_ bytes: inout ByteBuffer) {
    exchange.outcome.responseBytes &+= UInt64(bytes.readableBytes)
    write(&bytes)
    arm(worker.limits.tunnelIdle)
  }

  /// The origin has closed its side; the client still gets what is on its way.
  func upstreamTunnelEnded() {
    upstream = nil
    endTunnel(nil)
  }

  /// Nothing has passed for as long as may be, or the token that it was opened with is over.
  func tunnelIsLate() {
    endTunnel(worker.context.now >= exchangeDeadline ? "token_expired" : "tunnel_idle")
  }

  /// What was begun with a token ends when the token is revoked; an ordinary response is near its end anyway.
  func endIfRevoked() {
    guard let identity = exchange.identity, worker.generation.revocations.isRevoked(identity) else { return }
    switch stage {
    case .tunnel: endTunnel(Self.revoked)
    case .upstream where isStream && responseHasBegun:
      cut(Self.revoked)
    default: break
    }
  }

  private static let revoked: ReasonCode = "token_revoked"

  private func endTunnel(_ reason: ReasonCode?) {
    upstream?.abandon()
    exchange.outcome.reason = reason
    leaveTunnel()
    endExchange()
    leave()
  }

  /// The tunnel is not counted any more.
  func leaveTunnel() {
    worker.entrance.tunnels.giveBack()
    worker.counters.tunnelsOpen &-= 1
  }
}
