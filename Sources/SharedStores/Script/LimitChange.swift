package import GatewayKit

/// A change of what is used that is not judged, and which nobody waits for.
package struct LimitChange {
  /// Whose.
  package let key: LimitKey
  /// By which rule.
  package let rule: LimitRule
  /// How many units more are used, or less; where ``isHold`` is set, how many are held: -1 for as many as are.
  package let units: Int64
  /// Of a quota of the calendar: the only period in which the change counts, by its beginning; 0 for any.
  package var period: Int64 = 0
  /// Whether it says what is held of units at a time.
  package var isHold = false

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
    change.isHold = true
    return change
  }
}
