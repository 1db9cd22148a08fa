import CEpoll

/// The descriptors of one loop and whom they belong to, over epoll. Events are told once for each change (edge-triggered),
/// so a connection costs one call when it begins and none after that.
struct Poller {
  private static let most = 256

  private var epoll: CInt
  private let events: UnsafeMutablePointer<gh_event>
  private(set) var targets: ContiguousArray<PollTarget?> = []
  private var free: ContiguousArray<Int> = []
  private var generation: UInt32 = 0

  init() throws(SystemError) {
    epoll = try SystemError.check(gh_epoll_create(), "epoll_create1")
    events = .allocate(capacity: Self.most)
  }

  /// Ends the poller; it is of no use after this.
  mutating func close() {
    events.deallocate()
    Descriptor.close(epoll)
    epoll = -1
  }

  /// Watches a stream: input, output and the peer's end.
  mutating func addStream(_ target: PollTarget, descriptor: CInt) throws(SystemError) {
    try add(target, descriptor, gh_readable | gh_writable | gh_peer_closed | gh_edge)
  }

  /// Watches something that can only be read, and tells again as long as it can.
  mutating func addLevel(_ target: PollTarget, descriptor: CInt, exclusive: Bool) throws(SystemError) {
    try add(target, descriptor, gh_readable | (exclusive ? gh_exclusive : 0))
  }

  private mutating func add(_ target: PollTarget, _ descriptor: CInt, _ bits: UInt32) throws(SystemError) {
    let slot = free.popLast() ?? targets.count
    if slot == targets.count { targets.append(nil) }
    generation &+= 1
    let token = UInt64(generation) << 32 | UInt64(UInt32(truncatingIfNeeded: slot))
    do {
      _ = try SystemError.check(gh_epoll_add(epoll, descriptor, bits, token), "epoll_ctl")
    } catch {
      free.append(slot)
      throw error
    }
    target.slot = slot
    target.generation = generation
    targets[slot] = target
  }

  /// Forgets a target, whose descriptor is about to be closed: that ends the watch.
  mutating func forget(_ target: PollTarget) {
    guard target.slot >= 0 else { return }
    targets[target.slot] = nil
    free.append(target.slot)
    target.slot = -1
  }

  /// Ends the watch of a descriptor that others go on with.
  mutating func remove(_ target: PollTarget, descriptor: CInt) {
    forget(target)
    _ = gh_epoll_remove(epoll, descriptor)
  }

  /// Waits for events.
  /// - Returns: how many there are.
  func wait(milliseconds: CInt) -> Int {
    max(0, Int(gh_epoll_wait(epoll, events, CInt(Self.most), milliseconds)))
  }

  /// Whom an event is for, and what it says; nil when that one is gone.
  @inline(__always)
  func event(_ index: Int) -> (PollTarget, PollEvents)? {
    let event = events[index]
    let slot = Int(event.token & 0xFFFF_FFFF)
    guard slot < targets.count, let target = targets[slot],
      target.generation == UInt32(truncatingIfNeeded: event.token >> 32)
    else { return nil }
    return (target, PollEvents(bits: event.events))
  }
}
