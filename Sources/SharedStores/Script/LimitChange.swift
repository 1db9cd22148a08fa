package import GatewayKit

/// What is told to the server, or asked of it, while nobody waits for the answer.
package struct LimitChange {
  /// What it is.
  package enum Operation {
    /// Units more are used, or less; nothing is judged.
    case move
    /// So many units at a time are held: -1 for as many as are.
    case hold
    /// So many units are wanted in advance.
    case fetch
  }

  /// Whose.
  package let key: LimitKey
  /// By which rule.
  package let rule: LimitRule
  /// How many units, as the operation says.
  package let units: Int64
  /// Of a quota of the calendar: the only period in which the change counts, by its beginning; 0 for any.
  package var period: Int64 = 0
  /// What it is.
  package private(set) var operation = Operation.move

  /// More units are used, or less.
  package init(key: LimitKey, rule: LimitRule, units: Int64, period: Int64 = 0) {
    self.key = key
    self.rule = rule
    self.units = units
    self.period = period
  }

  /// Units at a time are held.
  package static func hold(_ key: LimitKey, units: Int64) -> LimitChange {
    var change = LimitChange(key: key, rule: .concurrent(1), units: units)
    change.operation = .hold
    return change
  }

  /// Units are wanted in advance, by nobody who waits for them.
  package static func fetch(_ key: LimitKey, _ rule: LimitRule, units: Int64) -> LimitChange {
    var change = LimitChange(key: key, rule: rule, units: units)
    change.operation = .fetch
    return change
  }

  /// A fetch as the claim that it makes: it costs nothing.
  var claim: LimitClaim { LimitClaim(key: key, rule: rule, cost: 0) }

  /// Whether it is about units at a time, of which the server and the gateway must know the same.
  var isConcurrent: Bool {
    if case .concurrent = rule { return true }
    return false
  }
}
