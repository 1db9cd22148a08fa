import NIOCore

/// The tasks of one loop that are due later; few, since connections have the timer wheel.
struct TaskSchedule {
  private struct Entry {
    let deadline: NIODeadline
    let id: UInt64
    let task: () -> Void
  }

  /// The next one last.
  private var entries: [Entry] = []
  private var lastID: UInt64 = 0

  /// When the next task is due.
  var next: NIODeadline? { entries.last?.deadline }

  /// - Returns: what ``cancel(_:)`` knows the task by.
  mutating func add(at deadline: NIODeadline, _ task: @escaping () -> Void) -> UInt64 {
    lastID &+= 1
    let index = entries.firstIndex { $0.deadline <= deadline } ?? entries.endIndex
    entries.insert(Entry(deadline: deadline, id: lastID, task: task), at: index)
    return lastID
  }

  mutating func cancel(_ id: UInt64) { entries.removeAll { $0.id == id } }

  /// The next task that is due, taken out.
  mutating func popDue(now: NIODeadline) -> (() -> Void)? {
    guard let next = entries.last, next.deadline <= now else { return nil }
    entries.removeLast()
    return next.task
  }
}
