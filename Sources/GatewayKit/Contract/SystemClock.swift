#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The clocks of the operating system.
public struct SystemClock: GatewayClock {
  /// A clock; it has no state.
  public init() {}

  /// `CLOCK_MONOTONIC` in nanoseconds.
  public func monotonic() -> Int64 { Self.read(CLOCK_MONOTONIC) }

  /// `CLOCK_REALTIME` in nanoseconds since 1970.
  public func wall() -> Int64 { Self.read(CLOCK_REALTIME) }

  private static func read(_ id: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(id, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
