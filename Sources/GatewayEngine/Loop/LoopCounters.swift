/// The counters of one loop: plain numbers, written by the loop alone and summed when they are scraped.
package struct LoopCounters: Sendable {
  package var connectionsAccepted: UInt64 = 0
  package var connectionsOpen: UInt64 = 0
  package var connectionsRefused: UInt64 = 0
  package var requests: UInt64 = 0
  package var tunnelsOpen: UInt64 = 0
  /// Answers by the first digit of the status; index 0 counts exchanges that ended without one.
  package var answers = InlineArray<6, UInt64>(repeating: 0)
  package var requestBytes: UInt64 = 0
  package var responseBytes: UInt64 = 0
  package var upstreamConnects: UInt64 = 0
  package var upstreamConnectFailures: UInt64 = 0
  package var upstreamOpen: UInt64 = 0
  package var upstreamRetries: UInt64 = 0
  /// Requests that an endpoint failed, connections that could not be made included.
  package var upstreamFailures: UInt64 = 0
  /// How often an endpoint was left out for failing.
  package var ejections: UInt64 = 0
  /// Active checks that came to a result.
  package var healthChecks: UInt64 = 0
  package var healthCheckFailures: UInt64 = 0
  /// Refusals and cuts of the gateway's own, by reason code.
  package var reasons: [String: UInt64] = [:]

  package init() {}

  /// Adds another loop's counters to these.
  package mutating func add(_ other: LoopCounters) {
    connectionsAccepted &+= other.connectionsAccepted
    connectionsOpen &+= other.connectionsOpen
    connectionsRefused &+= other.connectionsRefused
    requests &+= other.requests
    tunnelsOpen &+= other.tunnelsOpen
    for index in answers.indices { answers[index] &+= other.answers[index] }
    requestBytes &+= other.requestBytes
    responseBytes &+= other.responseBytes
    upstreamConnects &+= other.upstreamConnects
    upstreamConnectFailures &+= other.upstreamConnectFailures
    upstreamOpen &+= other.upstreamOpen
    upstreamRetries &+= other.upstreamRetries
    upstreamFailures &+= other.upstreamFailures
    ejections &+= other.ejections
    healthChecks &+= other.healthChecks
    healthCheckFailures &+= other.healthCheckFailures
    reasons.merge(other.reasons) { $0 &+ $1 }
  }
}
