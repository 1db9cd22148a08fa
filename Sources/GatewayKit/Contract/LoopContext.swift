public import NIOCore

/// What filters of one event loop share: the loop, its clock, its randomness. Bound to the loop; not `Sendable`.
public final class LoopContext {
  /// The loop that everything of this context runs on.
  public let eventLoop: any EventLoop
  /// The loop's number, from 0.
  public let index: Int
  /// The clock that time is read from.
  public let clock: any GatewayClock
  /// Monotonic nanoseconds, read when the current batch of input arrived.
  @exclusivity(unchecked) public private(set) var now: Int64
  /// Wall-clock nanoseconds since 1970, read with ``now``.
  @exclusivity(unchecked) public private(set) var wall: Int64
  @exclusivity(unchecked) private var generator: any RandomNumberGenerator

  /// A context for one loop.
  public init(eventLoop: any EventLoop, index: Int, clock: any GatewayClock, random: any RandomNumberGenerator) {
    self.eventLoop = eventLoop
    self.index = index
    self.clock = clock
    self.generator = random
    self.now = clock.monotonic()
    self.wall = clock.wall()
  }

  /// Reads both clocks. The engine calls this once for each batch of input.
  public func refresh() {
    now = clock.monotonic()
    wall = clock.wall()
  }

  /// 64 random bits.
  public func random() -> UInt64 { generator.next() }
}
