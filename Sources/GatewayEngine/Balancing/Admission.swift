/// Which endpoints a choice may fall on.
struct Admission {
  /// Monotonic nanoseconds.
  let now: Int64
  let excluded: EndpointSet
  /// Whether ejection and bad health are overlooked, because there is nothing better.
  let isPanic: Bool

  @inline(__always)
  func admits(_ index: Int, _ state: EndpointState) -> Bool {
    if excluded.contains(index) { return false }
    return isPanic ? state.isResolved : state.isUsable(now: now)
  }
}
