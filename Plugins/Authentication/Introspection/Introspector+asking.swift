import AsyncHTTPClient
import GatewayKit
import NIOCore
import Synchronization
import UserApiTokens

extension Introspector {
  /// How long it is remembered that nobody could say.
  private static let unavailableTime: Int64 = 1_000_000_000

  /// Makes the connections to the endpoint.
  func start() {
    var configuration = UserApiTokensClient.httpClientConfiguration
    configuration.timeout.connect = .nanoseconds(settings.timeout.nanoseconds)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.mostRunning
    let isFirst = connection.withLock { connection in
      guard connection.httpClient == nil else { return false }
      let client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
      connection.httpClient = client
      connection.endpoint = settings.endpoint(over: client)
      return true
    }
    if isFirst { desk.open() }
  }

  /// Lets nobody wait any more and closes the connections.
  func shutdown() async {
    for waiter in desk.close() { waiter.resume(.again) }
    let client = connection.withLock { connection in
      defer { connection = Connection() }
      return connection.httpClient
    }
    // It fails only when it was shut down before.
    try? await client?.shutdown()
  }

  /// Asks a question that the desk has let through, and then those in line.
  func begin(_ inquiry: Inquiry) {
    Task {
      var current: Inquiry? = inquiry
      while let inquiry = current { current = await self.run(inquiry) }
    }
  }

  /// Asks again before an answer is too old, without anybody waiting.
  func renew(_ inquiry: Inquiry) {
    if desk.begin(inquiry, at: clock.monotonic()) { begin(inquiry) }
  }

  /// Asks one question; gives the next.
  private func run(_ inquiry: Inquiry) async -> Inquiry? {
    // The answer is as old as the question: a token may be withdrawn while the answer is on its way.
    let asked = clock.monotonic()
    let endpoint = connection.withLock { $0.endpoint }
    let said =
      await endpoint?.ask(inquiry.token, domain: inquiry.domain?.name)
      ?? .unavailable(EndpointProblem("is not asked any more", isGeneral: false))
    let answer = conclude(said, inquiry, asked)
    report(said, answer)
    remember(answer, inquiry, asked)
    inquiry.answer = answer
    let ended = desk.end(inquiry, said.health, at: clock.monotonic())
    for waiter in ended.waiters { waiter.resume(.again) }
    return ended.next
  }

  /// What an endpoint's answer means for the token.
  private func conclude(_ said: EndpointAnswer, _ inquiry: Inquiry, _ asked: Int64) -> Answer {
    switch said {
    case .inactive: return .refused(.inactive)
    case .unavailable: return .unavailable
    case .active(let claims):
      do throws(TokenFailure) {
        return .active(try standing(claims, inquiry, asked))
      } catch {
        return .refused(error)
      }
    }
  }

  private func standing(_ claims: JSONObject?, _ inquiry: Inquiry, _ asked: Int64) throws(TokenFailure) -> Standing {
    var ends = Int64.max
    if let expiry = claims?["exp"] {
      guard case .number(let number) = expiry, let date = NumericDate.nanoseconds(number) else { throw .malformed }
      ends = date
    }
    if inquiry.isVerified { return Standing(facts: nil, confirmed: asked, ends: ends) }
    guard let claims else { return Standing(facts: inquiry.candidate, confirmed: asked, ends: ends) }
    let facts = try inquiry.token.withUnsafeBytes { token in
      Result { () throws(TokenFailure) in
        try rules.facts(of: claims, signed: OpaqueToken.identifyingPart(token), key: nil)
      }
    }.get()
    return Standing(facts: facts, confirmed: asked, ends: ends)
  }

  private func remember(_ answer: Answer, _ inquiry: Inquiry, _ asked: Int64) {
    withQuestion(of: inquiry) { question in
      switch answer {
      case .active:
        let most = settings.remember.nanoseconds
        answers.insert(
          AnswerEntry(
            answer: answer, freshUntil: asked.saturatingAdd(most), dueAt: asked.saturatingAdd(most - most / 4)),
          for: question)
        refusals.remove(question)
      case .refused:
        answers.remove(question)
        refuse(answer, question, for: settings.refused.nanoseconds)
      case .unavailable: refuse(answer, question, for: Self.unavailableTime)
      }
    }
  }

  /// From now, not from when it was asked: an endpoint that does not answer takes longer than this is remembered.
  private func refuse(_ answer: Answer, _ question: Question, for time: Int64) {
    guard time > 0 else { return }
    refusals.insert(
      AnswerEntry(answer: answer, freshUntil: clock.monotonic().saturatingAdd(time)), for: question)
  }

  private func report(_ said: EndpointAnswer, _ answer: Answer) {
    switch answer {
    case .active: counters.active.add()
    case .refused: counters.inactive.add()
    case .unavailable: counters.unavailable.add()
    }
    if case .unavailable(let problem) = said {
      log.failed(problem, at: clock.monotonic())
    } else {
      log.answered()
    }
  }
}
