/// Ids in the order in which they came. Over its bound the oldest are forgotten.
struct BoundedIDs: Sendable {
  private let most: Int
  private var ids: Set<String> = []
  private var order: [String] = []
  /// Where the oldest id stands that may still be known.
  private var oldest = 0

  init(most: Int) { self.most = max(most, 1) }

  var count: Int { ids.count }

  func contains(_ id: String) -> Bool { ids.contains(id) }

  mutating func insert(_ id: String) {
    guard ids.insert(id).inserted else { return }
    order.append(id)
    while ids.count > most {
      ids.remove(order[oldest])
      oldest += 1
    }
    if oldest > most {
      order.removeFirst(oldest)
      oldest = 0
    }
  }

  /// Forgets what the test says of.
  mutating func remove(where isGone: (String) -> Bool) {
    guard ids.contains(where: isGone) else { return }
    order = order[oldest...].filter { ids.contains($0) && !isGone($0) }
    oldest = 0
    ids = Set(order)
  }
}
