public import GatewayKit
import NIOCore
import Synchronization

/// Writes a line of JSON for every exchange (`access-log`).
public final class AccessLogPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "access-log", summary: "Writes a line of JSON for every exchange, off the event loops.")

  private let settings: AccessLogSettings
  private let writer: LogWriter
  private let dropped: Counter
  private let buffers = Mutex<[LineBuffer]>([])

  /// Makes the plugin; the file is opened by ``start()`` or with the first line.
  public init(
    settings: AccessLogSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    dropped = environment.counters.counter(
      "gatehouse_access_log_dropped_total",
      help: "Lines of the access log that were dropped because its buffer was full.")
    writer = LogWriters.shared.writer(for: settings.destination, logger: environment.logger)
  }

  /// The filter of one loop, with a buffer of its own.
  public func makeFilter(on loop: LoopContext) -> any Filter {
    let buffer = LineBuffer(writer: writer, bound: settings.buffer, dropped: dropped)
    buffers.withLock { $0.append(buffer) }
    return AccessLogFilter(buffer: buffer, sampleBelow: settings.sampleBelow)
  }

  /// Opens the destination, so that a file that cannot be written fails the start.
  public func start() async throws { try await writer.open() }

  /// Writes what is left, for five seconds at most.
  public func shutdown() async {
    for buffer in buffers.withLock({ $0 }) { buffer.handOver() }
    await writer.finish(patience: .seconds(5))
  }
}
