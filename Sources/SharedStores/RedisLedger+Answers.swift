import GatewayKit
import Logging
import NIOCore

// What the server says, and what becomes of the requests that wait for it.
extension RedisLedger {
  func linkReceived(_ input: inout ByteBuffer) throws(RedisError) {
    while input.readableBytes > 0 {
      let most = LimitRequest.mostClaims * LimitScript.numbersOfClaim
      switch IntegerReply.read(input.readableBytesSpan, into: &numbers, most: most) {
      case .incomplete: return
      case .whole(let length):
        input.moveReaderIndex(forwardBy: length)
        try answered()
      case .other:
        guard let reply = try RedisError.reply(&input) else { return }
        guard case .error(let text) = reply else { throw .unexpectedReply }
        try answered(text)
      }
    }
  }

  /// The oldest command is answered with ``numbers``.
  private func answered() throws(RedisError) {
    // An answer that nobody asked for: the order is lost.
    guard let entry = pipeline.popFirst() else { throw .unexpectedReply }
    if entry.isSource { isScriptOnItsWay = false }
    guard let request = entry.request else { return try answeredChange(entry) }
    guard request.turn == entry.turn else { return answerAbandoned(entry, request) }
    request.isOnItsWay = false
    let isUnderstood = decide(request.claims, request.places)
    if isUnderstood {
      request.answer(decisions)
      note(request.claims, request.places, entry, isAdmitted: request.outcome == .admitted)
    } else {
      release(request.claims, request.places)
      request.fail(.invalid)
    }
    request.resume()
    if !isUnderstood { throw .unexpectedReply }
  }

  /// Fills ``decisions``; false when the numbers are not the script's.
  private func decide(_ claims: ContiguousArray<LimitClaim>, _ wishes: ContiguousArray<Int>) -> Bool {
    decisions.removeAll(keepingCapacity: true)
    let size = LimitScript.numbersOfClaim
    guard numbers.count == claims.count * size else { return false }
    for (index, claim) in claims.enumerated() {
      let wanted = index < wishes.count ? Int64(wishes[index]) : 0
      let part = numbers[index * size..<(index + 1) * size]
      guard let decision = ClaimAnswer.decision(claim, wanted: wanted, part) else { return false }
      decisions.append(decision)
    }
    return true
  }

  /// Notes what is held from now on.
  private func note(
    _ claims: ContiguousArray<LimitClaim>, _ wishes: ContiguousArray<Int>, _ entry: Pipeline.Entry, isAdmitted: Bool
  ) {
    for (index, claim) in claims.enumerated() {
      let first = index * LimitScript.numbersOfClaim
      let (period, granted) = (numbers[first + 3], numbers[first + 5])
      let isTaken = isAdmitted && decisions[index].verdict == .admitted
      if case .concurrent = claim.rule { held.answered(claim.key, taken: isTaken ? max(claim.cost, 0) + granted : 0) }
      guard index < wishes.count else { continue }
      noteLease(
        claim, wish: wishes[index], decisions[index], granted: isTaken ? granted : 0, isAdmitted: isAdmitted,
        period: period, asked: entry.now.monotonic)
    }
  }

  /// Of a question that gets no answer.
  private func release(_ claims: ContiguousArray<LimitClaim>, _ wishes: ContiguousArray<Int>, wasSent: Bool = true) {
    failLeases(claims, wishes)
    guard wasSent else { return }
    for claim in claims { if case .concurrent = claim.rule { held.lost(claim.key) } }
  }

  func fail(_ entry: Pipeline.Entry, _ failure: LimitFailure, wasSent: Bool) {
    guard let request = entry.request else { return }
    guard request.turn == entry.turn else { return abandon(entry, wasSent: wasSent) }
    request.isOnItsWay = false
    release(request.claims, request.places, wasSent: wasSent)
    request.fail(failure)
    request.resume()
  }
}

// MARK: - Changes

extension RedisLedger {
  private func answeredChange(_ entry: Pipeline.Entry) throws(RedisError) {
    guard let change = pipeline.popChange() else { throw .unexpectedReply }
    if change.operation == .fetch { return try answeredFetch(change, entry) }
    guard numbers.count == 1 else {
      lose(change)
      throw .unexpectedReply
    }
    if change.operation == .hold { renewLease(change.key, asked: entry.now.monotonic) }
  }

  private func answeredFetch(_ change: LimitChange, _ entry: Pipeline.Entry) throws(RedisError) {
    let claim = change.claim
    guard numbers.count == LimitScript.numbersOfClaim,
      let decision = ClaimAnswer.decision(claim, wanted: change.units, numbers[...])
    else {
      lose(change)
      throw .unexpectedReply
    }
    let (period, granted) = (numbers[3], numbers[5])
    if change.isConcurrent { held.answered(change.key, taken: granted) }
    noteLease(
      claim, wish: Int(change.units), decision, granted: granted, isAdmitted: true, period: period,
      asked: entry.now.monotonic)
  }

  /// A change that was not sent, or whose answer will not come.
  func lose(_ change: LimitChange) {
    switch change.operation {
    case .fetch:
      if let place = leases.find(change.key) { leases.update(place) { $0.failed(change.units) } }
      if change.isConcurrent { held.lost(change.key) }
    case .move, .hold: if change.isConcurrent { held.doubt(change.key) }
    }
  }
}

// MARK: - Errors

extension RedisLedger {
  /// The oldest command is answered with an error.
  private func answered(_ error: String) throws(RedisError) {
    guard let entry = pipeline.popFirst() else { throw .unexpectedReply }
    let change = entry.request == nil ? pipeline.popChange() : nil
    if entry.isSource { isScriptOnItsWay = false }
    if error.hasPrefix("NOSCRIPT"), !entry.isRepeated { return sendAgain(entry, change) }
    if RedisError.isOfServer(error) {
      fail(entry, .unreachable, wasSent: true)
      if let change { lose(change) }
      throw .failed(error)
    }
    logOnce(error)
    fail(entry, .invalid, wasSent: true)
    if let change { lose(change) }
  }

  /// The server has not done it, since it does not know the script (any more).
  private func sendAgain(_ entry: Pipeline.Entry, _ change: LimitChange?) {
    var entry = entry
    entry.isRepeated = true
    if let change { return sendAgain(change, entry) }
    guard let request = entry.request, request.turn == entry.turn else { return abandon(entry, wasSent: true) }
    for claim in request.claims { if case .concurrent = claim.rule { held.answered(claim.key, taken: 0) } }
    send(entry)
  }

  private func sendAgain(_ change: LimitChange, _ entry: Pipeline.Entry) {
    switch change.operation {
    case .move: send(change, entry)
    // Takes may have been counted meanwhile that this did not know of.
    case .hold: held.doubt(change.key)
    case .fetch:
      if change.isConcurrent { held.answered(change.key, taken: 0) }
      send(change, entry)
    }
  }

  private func logOnce(_ error: String) {
    guard !hasLoggedError else { return }
    hasLoggedError = true
    link.logger.warning(
      "shared store answers with an error", metadata: link.place.merging(["error": "\(error.prefix(200))"]) { $1 })
  }
}

// MARK: - Exchanges that have ended

extension RedisLedger {
  /// A question whose exchange has ended is not asked, or not answered.
  func abandon(_ entry: Pipeline.Entry, wasSent: Bool = false) {
    guard let old = entry.request?.takeAbandoned(entry.turn) else { return }
    release(old.claims, old.places, wasSent: wasSent)
  }

  /// Nobody is there any more who would give back what is held from now on.
  private func answerAbandoned(_ entry: Pipeline.Entry, _ request: LimitRequest) {
    guard let old = request.takeAbandoned(entry.turn) else { return }
    guard decide(old.claims, old.places) else { return release(old.claims, old.places) }
    let isAdmitted = old.claims.indices.allSatisfy { decisions[$0].verdict == .admitted || old.claims[$0].isShadow }
    note(old.claims, old.places, entry, isAdmitted: isAdmitted)
    guard isAdmitted else { return }
    let now = now()
    for (index, claim) in old.claims.enumerated() where decisions[index].verdict == .admitted {
      if case .concurrent = claim.rule, claim.cost > 0 { adjust(claim, by: -claim.cost, now: now) }
    }
  }
}
