/// A line in which owners take turns: each one's elements keep their order, and no owner waits longer for having come after
/// many of another's.
struct FairLine<Element> {
  private struct Queue {
    var elements: [Element] = []
    /// Where it begins; what stands before has left.
    var start = 0
  }

  private var queues: [UInt16: Queue] = [:]
  /// Owners in the order of their turns, each once.
  private var turns: [UInt16] = []
  private var firstTurn = 0

  /// Puts an element behind all others of its owner.
  mutating func append(_ element: Element, of owner: UInt16) {
    if queues[owner] == nil { turns.append(owner) }
    queues[owner, default: Queue()].elements.append(element)
  }

  /// Takes the first element of the owner whose turn it is; nil when nobody is in line.
  mutating func popFirst() -> Element? {
    guard firstTurn < turns.count else { return nil }
    let owner = turns[firstTurn]
    firstTurn += 1
    defer { shortenTurns() }
    guard var queue = queues.removeValue(forKey: owner) else { return nil }
    let element = queue.elements[queue.start]
    queue.start += 1
    guard queue.start < queue.elements.count else { return element }
    // Each element is moved about once.
    if queue.start * 2 >= queue.elements.count {
      queue.elements.removeFirst(queue.start)
      queue.start = 0
    }
    queues[owner] = queue
    turns.append(owner)
    return element
  }

  private mutating func shortenTurns() {
    guard firstTurn * 2 >= turns.count else { return }
    turns.removeFirst(firstTurn)
    firstTurn = 0
  }
}
