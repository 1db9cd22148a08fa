import GatewayKit
import HTTPWire

/// Establishes who asks, on one loop.
final class AuthenticationFilter: IdentityFilter {
  private let judge: TokenJudge
  private let replies: RefusalReplies
  private let missing: AuthenticationSettings.Missing
  private let query: AuthenticationSettings.Query
  private let slot: StateSlot
  private let revocations: TokenRevocations
  /// Where the verified token is kept for a later phase, if one wants it.
  private let kept: StateSlot?

  init(
    judge: TokenJudge, replies: RefusalReplies, settings: AuthenticationSettings, slot: StateSlot,
    revocations: TokenRevocations, kept: StateSlot? = nil
  ) {
    self.judge = judge
    self.replies = replies
    self.missing = settings.missing
    self.query = settings.query
    self.slot = slot
    self.revocations = revocations
    self.kept = kept
  }

  func identify(_ exchange: Exchange) -> Verdict {
    // What the exchange has waited for must be asked before its token is judged: keys come at any time.
    let ticket = exchange[slot] as? KeyTicket
    let mayWait = ticket.map { !judge.keys.isComplete($0) } ?? true
    do throws(TokenFailure) {
      let verified = try verifiedToken(exchange)
      if let verified, revocations.isRevoked(verified.identity) { throw .revoked }
      if let kept { exchange[kept] = verified }
      // Who asks is what the floor found: a domain's filter can refuse a token, not see another caller or scopes in it.
      if exchange.identity == nil { exchange.identity = verified?.identity }
      return .next
    } catch {
      if error == .introspectionPending { return .wait }
      guard error == .keyUnknown else { return .reply(replies[error]) }
      if mayWait { return waitForKeys(exchange, ticket) }
      // That a key set could not be had does not say that the token is bad.
      let hasFailed = ticket.map(judge.keys.hasFailed) ?? false
      return .reply(replies[hasFailed ? .keysUnavailable : .keyUnknown])
    }
  }

  /// The token's facts; nil when there is none and none is asked for.
  private func verifiedToken(_ exchange: Exchange) throws(TokenFailure) -> VerifiedToken? {
    if let range = try tokenInQuery(exchange) {
      let result = exchange.request.withQuery { query in
        judged(UnsafeRawBufferPointer(rebasing: query[range]), exchange)
      }
      if let result { return try result.get() }
    }
    let result = exchange.request.block.withValue(of: .authorization) { value in
      guard let token = BearerCredential.token(in: value) else {
        return Result<VerifiedToken, TokenFailure>.failure(.malformed)
      }
      return judged(token, exchange)
    }
    if let result { return try result.get() }
    guard missing == .allow else { throw .missing }
    return nil
  }

  private func judged(
    _ token: UnsafeRawBufferPointer, _ exchange: Exchange
  ) -> Result<VerifiedToken, TokenFailure> {
    do throws(TokenFailure) {
      let verified =
        judge.hasKeys ? try judge.judge(token, at: exchange.loop.wall, domain: exchange.domain) : nil
      if let introspector = judge.introspector {
        return .success(try introspector.judge(token, verified: verified, for: exchange, slot: slot))
      }
      return verified.map { .success($0) } ?? .failure(.keyUnknown)
    } catch {
      return .failure(error)
    }
  }

  /// Where the query's token stands, if there is one and it is to be judged. A credential is taken from one place.
  private func tokenInQuery(_ exchange: Exchange) throws(TokenFailure) -> Range<Int>? {
    guard let found = exchange.request.withQuery({ QueryCredential($0) }), found.count > 0 else { return nil }
    guard query == .judge, let range = found.token, exchange.request.block.first(.authorization) == nil else {
      throw .inQuery
    }
    return range
  }

  private func waitForKeys(_ exchange: Exchange, _ ticket: KeyTicket?) -> Verdict {
    switch judge.keys.awaitKeys(ticket, { exchange.suspend() }) {
    case .waits(let ticket):
      exchange[slot] = ticket
      return .wait
    case .keyUnknown: return .reply(replies[.keyUnknown])
    case .busy: return .reply(replies[.keysBusy])
    }
  }
}
