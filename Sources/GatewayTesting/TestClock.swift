public import GatewayKit
import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: GatewayClock {
  private let state: Mutex<(monotonic: Int64, wall: Int64)>

  /// A clock at these times, in nanoseconds; it is 2026-11-23T16:00:00Z unless told otherwise.
  public init(monotonic: Int64 = 1_000_000_000_000, wall: Int64 = 1_795_449_600_000_000_000) {
    state = Mutex((monotonic, wall))
  }

  /// The monotonic time.
  public func monotonic() -> Int64 { state.withLock { $0.monotonic } }

  /// The wall-clock time.
  public func wall() -> Int64 { state.withLock { $0.wall } }

  /// Moves both times on by nanoseconds.
  package func advance(_ nanoseconds: Int64) { advance(by: .nanoseconds(nanoseconds)) }

  /// Moves both times on.
  public func advance(by duration: Duration) {
    let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    state.withLock { state in
      state.monotonic += nanoseconds
      state.wall += nanoseconds
    }
  }
}
