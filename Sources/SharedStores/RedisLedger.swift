import GatewayEngine
import GatewayKit
import Logging
import NIOCore

/// One loop's access to the server: what is asked in one turn of the loop leaves in one write, and the answers resume their
/// requests. Bound to its loop, so nothing in it is locked; nothing is allocated for a request once the buffers have grown.
final class RedisLedger: LimitLedger {
  let link: RedisLink
  let writer: ScriptWriter
  let settings: RedisSettings
  let context: LoopContext

  @exclusivity(unchecked) var pipeline = Pipeline()
  /// Requests that wait for the connection.
  @exclusivity(unchecked) private var waiting = CircularBuffer<Pipeline.Entry>()
  @exclusivity(unchecked) var held = HeldUnits()
  @exclusivity(unchecked) var leases: LeaseTable
  /// Whether the script is being sent, after the server did not know it.
  @exclusivity(unchecked) var isScriptOnItsWay = false
  /// Whether an error of the server's was logged since the connection was made.
  var hasLoggedError = false
  /// The numbers of the answer that is being read.
  @exclusivity(unchecked) var numbers: ContiguousArray<Int64> = []
  @exclusivity(unchecked) var decisions: ContiguousArray<LimitDecision> = []
  private let timeout: Int64
  private var upkeepTask: Scheduled<Void>?

  init(_ link: RedisLink, writer: ScriptWriter, budget: LeaseBudget, context: LoopContext) {
    self.link = link
    self.writer = writer
    self.settings = link.settings
    self.context = context
    timeout = link.settings.timeout.limit
    leases = LeaseTable(budget: budget)
    link.user = self
  }

  func take(_ request: LimitRequest, now: LimitTime) -> Bool {
    guard !takeLeased(request, now) else { return true }
    guard request.claims.count <= LimitRequest.mostClaims else {
      request.fail(.invalid)
      return true
    }
    upkeep(now)
    switch link.ask() {
    case .send:
      guard pipeline.requests < settings.maxInFlight else { return fail(request, .overloaded) }
      wish(request, now)
      send(Pipeline.Entry(request, now: now))
    case .wait, .connectAndWait:
      guard waiting.count < settings.maxInFlight else { return fail(request, .overloaded) }
      wish(request, now)
      waiting.append(Pipeline.Entry(request, now: now))
    case .fail(let failure): return fail(request, failure)
    }
    request.isOnItsWay = true
    return false
  }

  private func fail(_ request: LimitRequest, _ failure: LimitFailure) -> Bool {
    request.fail(failure)
    return true
  }

  func adjust(_ claim: LimitClaim, by units: Int64, now: LimitTime) {
    let units = claim.lease == nil ? units : adjustLeased(claim, by: units, now)
    guard units != 0 else { return }
    upkeep(now)
    change(LimitChange(key: claim.key, rule: claim.rule, units: units), now)
  }

  /// Ends the ledger: what it holds in advance is given back.
  func shutdown() { link.shutdown() }
}

// MARK: - Sending

extension RedisLedger {
  /// Sends the question of a request.
  func send(_ entry: Pipeline.Entry) {
    guard let request = entry.request else { return }
    for claim in request.claims { if case .concurrent = claim.rule { sending(claim.key, entry) } }
    let entry = begin(entry)
    writer.take(
      request.claims, wanted: request.places, now: entry.now, as: entry.isSource ? .source : .digest,
      into: &link.output)
    pipeline.append(entry)
  }

  /// A take of units at a time is about to be sent. What may have to be said before is one change for each claim at most,
  /// and so bounded with the requests.
  private func sending(_ key: LimitKey, _ take: Pipeline.Entry) {
    guard let hold = held.sending(key) else { return }
    var entry = Pipeline.Entry(nil, now: take.now)
    (entry.deadline, entry.isRepeated) = (take.deadline, take.isRepeated)
    send(hold, entry)
  }

  /// Sends a change that nobody waits for; when the server cannot be asked, or has too many before it, it is lost. (What is
  /// held of units at a time is said again later.)
  func change(_ change: LimitChange, _ now: LimitTime) {
    if change.operation == .move, change.isConcurrent { held.changed(change.key, by: change.units) }
    guard roomForChanges > 0 else { return lose(change) }
    send(change, Pipeline.Entry(nil, now: now))
  }

  /// How many changes can be sent.
  var roomForChanges: Int { link.isReady ? max(0, settings.maxInFlight - pipeline.changesCount) : 0 }

  func send(_ change: LimitChange, _ entry: Pipeline.Entry) {
    if change.operation == .fetch, change.isConcurrent { sending(change.key, entry) }
    let entry = begin(entry)
    writer.change(change, now: entry.now, as: entry.isSource ? .source : .digest, into: &link.output)
    pipeline.append(entry, change)
  }

  /// Prepares a command. The script goes along with the first one that is sent again since the server did not know it; those
  /// behind find it.
  private func begin(_ entry: Pipeline.Entry) -> Pipeline.Entry {
    link.flushSoon()
    var entry = entry
    if !entry.isRepeated { entry.deadline = link.turnTime &+ timeout }
    entry.isSource = entry.isRepeated && !isScriptOnItsWay
    if entry.isSource { isScriptOnItsWay = true }
    link.arm(entry.deadline)
    return entry
  }
}

// MARK: - The link

extension RedisLedger: RedisLinkUser {
  var nextDeadline: Int64? { pipeline.nextDeadline }

  func linkReady() {
    hasLoggedError = false
    isScriptOnItsWay = false
    held.repeatAll()
    startUpkeep()
    while let entry = waiting.popFirst() {
      // Its exchange may have ended meanwhile.
      if entry.request?.turn == entry.turn { send(entry) } else { abandon(entry) }
    }
  }

  func linkEnds() {
    stopUpkeep()
    giveBackAll()
  }

  func linkLost(_ failure: LimitFailure) {
    var (lost, unsent) = (Pipeline(), CircularBuffer<Pipeline.Entry>())
    swap(&lost, &pipeline)
    swap(&unsent, &waiting)
    while let entry = lost.popFirst() {
      if entry.request != nil {
        fail(entry, failure, wasSent: true)
      } else if let change = lost.popChange() {
        lose(change)
      }
    }
    for entry in unsent { fail(entry, failure, wasSent: false) }
  }

  private func startUpkeep() {
    guard upkeepTask == nil else { return }
    upkeepTask = link.loop.assumeIsolated().scheduleTask(in: Self.upkeepInterval) { [weak self] () -> Void in
      guard let self else { return }
      upkeepTask = nil
      regularUpkeep()
      startUpkeep()
    }
  }

  private func stopUpkeep() {
    upkeepTask?.cancel()
    upkeepTask = nil
  }
}
