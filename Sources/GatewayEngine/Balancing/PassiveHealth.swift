import GatewayKit

/// What became of an endpoint through what its requests came to; to be logged.
enum EjectionEvent: Equatable, Sendable {
  /// It failed too often in a row and is left out for so long.
  case ejected(for: Duration)
  /// Its time is over, and it is chosen again.
  case returned
}

/// Leaves endpoints out for a while that fail several times in a row. The states of all endpoints are the caller's.
///
/// Each time in near succession is longer by the base, up to the longest; for each period of the base that it has been back,
/// one time is forgotten. At most a share of the endpoints is left out at a time, but one always may be, and never the last
/// that is usable.
struct PassiveHealth: Sendable {
  private let threshold: Int
  private let base: Int64
  private let longest: Int64
  private let cap: Int

  init(_ configuration: EjectionConfiguration) {
    threshold = max(configuration.failures, 1)
    base = max(configuration.base.nanoseconds, 1)
    longest = max(configuration.longest.nanoseconds, 1)
    cap = min(max(configuration.cap, 0), 100)
  }

  /// A request to the endpoint went well.
  func success(_ index: Int, now: Int64, in states: inout [EndpointState]) -> EjectionEvent? {
    guard states.indices.contains(index) else { return nil }
    states[index].failures = 0
    return noteReturn(index, now: now, in: &states)
  }

  /// A request to the endpoint failed. One that is left out already is not left out for longer by it: those are requests
  /// from before, or from a time of need.
  func failure(_ index: Int, now: Int64, in states: inout [EndpointState]) -> EjectionEvent? {
    guard states.indices.contains(index), !states[index].isEjected(now: now) else { return nil }
    let returned = noteReturn(index, now: now, in: &states)
    states[index].failures = min(states[index].failures, threshold) &+ 1
    guard states[index].failures >= threshold, mayEject(index, now: now, states) else { return returned }
    return .ejected(for: .nanoseconds(eject(&states[index], now: now)))
  }

  /// Tells once that an endpoint is back. Requests ask for this by themselves; whoever wants to know of endpoints without
  /// any calls it now and then.
  func noteReturn(_ index: Int, now: Int64, in states: inout [EndpointState]) -> EjectionEvent? {
    guard states.indices.contains(index), states[index].isReturnDue, !states[index].isEjected(now: now) else {
      return nil
    }
    states[index].isReturnDue = false
    return .returned
  }

  /// Counts anew each time: it happens when something fails, and health and addresses change by other hands.
  private func mayEject(_ index: Int, now: Int64, _ states: [EndpointState]) -> Bool {
    var ejected = 0
    var isOtherUsable = false
    for other in states.indices where other != index {
      if states[other].isEjected(now: now) { ejected += 1 }
      if states[other].isUsable(now: now) { isOtherUsable = true }
    }
    // Shares of a hundred are taken apart so that no count is too large.
    let allowed = states.count / 100 * cap + states.count % 100 * cap / 100
    return isOtherUsable && ejected < max(allowed, 1)
  }

  /// Returns the nanoseconds.
  private func eject(_ state: inout EndpointState, now: Int64) -> Int64 {
    state.ejections = max(state.ejections - timesForgotten(state, now: now), 0) + 1
    let (product, isHuge) = base.multipliedReportingOverflow(by: Int64(state.ejections))
    let time = isHuge ? longest : min(product, longest)
    let (until, isBeyond) = now.addingReportingOverflow(time)
    state.ejectedUntil = isBeyond ? .max : until
    state.isReturnDue = true
    state.failures = 0
    // More times change nothing once the longest is reached, and would only take longer to be forgotten.
    if isHuge || product >= longest { state.ejections = Int(clamping: (longest - 1) / base + 1) }
    return time
  }

  /// How many periods of the base have passed since it came back.
  private func timesForgotten(_ state: EndpointState, now: Int64) -> Int {
    guard state.ejections > 0 else { return 0 }
    let (back, isHuge) = now.subtractingReportingOverflow(state.ejectedUntil)
    return isHuge ? state.ejections : Int(clamping: max(back, 0) / base)
  }
}
