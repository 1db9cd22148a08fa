import AsyncHTTPClient
import GatewayKit
import Logging
import NIOCore
import Synchronization
import UserApiTokens

/// Knows from an endpoint which tokens are good, for all loops: what was learnt, and how to learn it.
final class Introspector: Sendable {
  struct Connection {
    var httpClient: HTTPClient?
    var endpoint: (any IntrospectionEndpoint)?
  }

  /// Answers that a token is good, in a table of their own: no flood of bad tokens pushes them out.
  let answers: AnswerTable
  /// Refusals, and for a moment that nobody could say.
  let refusals: AnswerTable
  let desk: InquiryDesk
  let settings: IntrospectionSettings
  let rules: ClaimRules
  let clock: any GatewayClock
  let log: EndpointLog
  let counters: IntrospectionCounters
  let connection = Mutex(Connection())
  let eventLoopGroup: any EventLoopGroup
  private let algorithms: [SignatureAlgorithm]
  private let leeway: Int64
  private let maxToken: Int
  private let seed: UInt64

  private static let mostRefusals = 4096
  /// Of the memory for answers.
  private static let refusalsPart = 16

  init(_ introspection: IntrospectionSettings, settings: AuthenticationSettings, environment: PluginEnvironment) {
    self.settings = introspection
    rules = ClaimRules(settings)
    answers = AnswerTable(entries: settings.cacheEntries, bytes: settings.cacheBytes, seed: environment.hashSeed)
    refusals = AnswerTable(
      entries: min(settings.cacheEntries, Self.mostRefusals), bytes: settings.cacheBytes / Self.refusalsPart,
      seed: environment.hashSeed)
    desk = InquiryDesk(mostRunning: introspection.mostRunning, mostWaiting: introspection.mostWaiting)
    clock = environment.clock
    log = EndpointLog(environment.logger, endpoint: introspection.endpoint.name)
    counters = IntrospectionCounters(environment.counters)
    eventLoopGroup = environment.eventLoopGroup
    algorithms = settings.algorithms
    leeway = settings.leeway.nanoseconds
    maxToken = settings.maxToken
    seed = environment.hashSeed
  }

  /// The facts of a token that is good at this time and in this domain.
  ///
  /// - Parameters:
  ///   - verified: the token's facts when a key has vouched for it; nil when the endpoint alone does.
  ///   - slot: keeps the question that the exchange waits for.
  /// - Throws: ``TokenFailure/introspectionPending`` when the exchange was suspended to wait for an answer.
  func judge(
    _ token: UnsafeRawBufferPointer, verified: VerifiedToken?, for exchange: Exchange, slot: StateSlot
  ) throws(TokenFailure) -> VerifiedToken {
    guard token.count <= maxToken else { throw .tooLarge }
    let question = Question(token, exchange.domain, seed: seed)
    let use = Use(question: question, verified: verified, now: exchange.loop.now, wall: exchange.loop.wall)
    // Who has waited does not ask again, whatever became of the answer.
    if let inquiry = exchange[slot] as? Inquiry { return try facts(of: inquiry.answer ?? .unavailable, use) }
    let known = answers.entry(of: question, at: use.now)
    if let known, use.now < known.entry.freshUntil {
      counters.hits.add()
      let facts = try facts(of: known.entry.answer, use)
      if known.isDue { renew(Inquiry(question, candidate: facts, isVerified: verified != nil)) }
      return facts
    }
    if let refusal = refusals.entry(of: question, at: use.now), use.now < refusal.entry.freshUntil {
      counters.hits.add()
      return try facts(of: refusal.entry.answer, use)
    }
    counters.misses.add()
    // While the endpoint is dead, who may go on does not wait until it is found alive.
    if let standing = lastKnown(use), desk.isDead {
      let facts = try facts(of: standing, use)
      renew(Inquiry(question, candidate: facts, isVerified: verified != nil))
      return facts
    }
    let candidate = verified == nil ? try candidate(question, at: use.wall) : nil
    return try suspend(Inquiry(question, candidate: candidate, isVerified: verified != nil), use, exchange, slot)
  }

  /// One use of a token.
  private struct Use {
    let question: Question
    let verified: VerifiedToken?
    let now: Int64
    let wall: Int64
  }

  private func suspend(
    _ inquiry: Inquiry, _ use: Use, _ exchange: Exchange, _ slot: StateSlot
  ) throws(TokenFailure) -> VerifiedToken {
    switch desk.wait(for: inquiry, at: use.now, { exchange.suspend() }) {
    case .begun(let inquiry):
      exchange[slot] = inquiry
      begin(inquiry)
      throw .introspectionPending
    case .joined(let inquiry):
      exchange[slot] = inquiry
      throw .introspectionPending
    case .busy: throw .introspectionBusy
    case .unavailable: return try facts(of: .unavailable, use)
    }
  }

  /// What an answer makes of a token here and now.
  private func facts(of answer: Answer, _ use: Use) throws(TokenFailure) -> VerifiedToken {
    switch answer {
    case .active(let standing): return try facts(of: standing, use)
    case .refused(let failure): throw failure
    case .unavailable:
      guard let standing = lastKnown(use) else { throw .introspectionUnavailable }
      return try facts(of: standing, use)
    }
  }

  /// What is known of the token from before, if it is not too long ago to go on with while nobody can say.
  private func lastKnown(_ use: Use) -> Standing? {
    guard let time = settings.lastKnown, let known = answers.entry(of: use.question, at: use.now),
      case .active(let standing) = known.entry.answer, use.now < standing.confirmed.saturatingAdd(time)
    else { return nil }
    return standing
  }

  private func facts(of standing: Standing, _ use: Use) throws(TokenFailure) -> VerifiedToken {
    guard let facts = use.verified ?? standing.facts else { throw .introspectionUnavailable }
    if standing.ends != .max, use.wall >= standing.ends.saturatingAdd(leeway) { throw .expired }
    if let failure = facts.failure(at: use.wall, leeway: leeway, domain: use.question.domain) { throw failure }
    return facts
  }

  /// What the token says of itself, when it is the token that has the facts. It is only good for refusing: what will not
  /// do whoever vouches for it need not be asked about.
  private func candidate(_ question: Question, at wall: Int64) throws(TokenFailure) -> VerifiedToken? {
    let token = question.token
    guard settings.endpoint.takesClaimsOfToken else {
      guard OpaqueToken.isWellFormed(token) else { throw .malformed }
      return nil
    }
    let parts = try CompactToken(token)
    guard algorithms.isEmpty || algorithms.contains(parts.algorithm) else { throw .algorithmRefused }
    guard let text = Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[parts.payload])),
      let claims = try? StrictJSON.object(text)
    else { throw .malformed }
    let signed = UnsafeRawBufferPointer(rebasing: token[..<parts.signedCount])
    let facts = try rules.facts(of: claims, signed: signed, key: nil)
    if let failure = facts.failure(at: wall, leeway: leeway, domain: question.domain) { throw failure }
    return facts
  }

  /// What can be told of a token that no key has vouched for without asking anybody: that it is refused, or what it says
  /// of itself. Nil when its claims would not count.
  func candidate(
    _ token: UnsafeRawBufferPointer, at wall: Int64, domain: DomainFacts?
  ) throws(TokenFailure) -> VerifiedToken? {
    guard token.count <= maxToken else { throw .tooLarge }
    return try candidate(Question(token, domain, seed: seed), at: wall)
  }

  /// The question about a token that an inquiry holds.
  func withQuestion<R>(of inquiry: Inquiry, _ body: (Question) -> R) -> R {
    inquiry.token.withUnsafeBytes { body(Question($0, inquiry.domain, seed: seed)) }
  }
}
