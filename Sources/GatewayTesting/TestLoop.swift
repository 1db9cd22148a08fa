public import GatewayKit
import NIOEmbedded

/// A loop's context for tests that need no real loop.
public enum TestLoop {
  /// A context on an embedded loop.
  public static func make(clock: any GatewayClock = TestClock()) -> LoopContext {
    LoopContext(eventLoop: EmbeddedEventLoop(), index: 0, clock: clock, random: SystemRandomNumberGenerator())
  }
}
