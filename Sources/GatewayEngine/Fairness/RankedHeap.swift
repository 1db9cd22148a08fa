/// Numbered items in the order of their ranks, the least first. Moving one takes time by the logarithm of how many there
/// are. The numbers are small: places are kept in an array.
struct RankedHeap<Rank: Comparable> {
  private var entries: ContiguousArray<(rank: Rank, item: Int)> = []
  /// Where each item stands in `entries`; -1 for none.
  private var places: ContiguousArray<Int> = []

  /// The item of the least rank.
  var first: Int? { entries.first?.item }
  /// How many items there are.
  var count: Int { entries.count }

  /// Puts an item in, or gives it another rank.
  mutating func set(_ item: Int, _ rank: Rank) {
    while places.count <= item { places.append(-1) }
    if places[item] < 0 {
      places[item] = entries.count
      entries.append((rank, item))
    } else {
      entries[places[item]].rank = rank
    }
    settle(places[item])
  }

  /// Takes an item out, if it is in.
  mutating func remove(_ item: Int) {
    guard item < places.count, places[item] >= 0 else { return }
    let place = places[item]
    places[item] = -1
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    places[last.item] = place
    settle(place)
  }

  /// Moves what stands at a place to where it belongs.
  private mutating func settle(_ start: Int) {
    var place = start
    while place > 0, entries[place].rank < entries[(place - 1) / 2].rank {
      swap(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
    while let child = leastChild(of: place), entries[child].rank < entries[place].rank {
      swap(place, child)
      place = child
    }
  }

  private func leastChild(of place: Int) -> Int? {
    let (left, right) = (2 * place + 1, 2 * place + 2)
    guard left < entries.count else { return nil }
    return right < entries.count && entries[right].rank < entries[left].rank ? right : left
  }

  private mutating func swap(_ one: Int, _ other: Int) {
    entries.swapAt(one, other)
    places[entries[one].item] = one
    places[entries[other].item] = other
  }
}
