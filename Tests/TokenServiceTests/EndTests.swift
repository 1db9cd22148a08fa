import Logging
import Synchronization
import Testing
import TokenService

/// How the service ends.
@Suite struct EndTests {
  private struct BodyFailed: Error {}

  /// Whoever reads the log after an error should find that error and not those of a shutdown that was cut short.
  @Test func whatTheBodyThrowsIsAllThatIsTold() async throws {
    let complaints = Complaints()
    let service = try await TokenService(configuration: .init(), logger: Logger(label: "test") { _ in complaints })
    await #expect(throws: BodyFailed.self) {
      try await service.withRunning { _ in throw BodyFailed() }
    }
    #expect(complaints.texts == [])
  }
}

/// Keeps what is logged as an error.
private struct Complaints: LogHandler {
  private final class Kept: Sendable {
    let texts = Mutex<[String]>([])
  }

  private let kept = Kept()
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.error

  var texts: [String] { kept.texts.withLock { $0 } }

  func log(event: LogEvent) {
    if event.level >= .error { kept.texts.withLock { $0.append("\(event.message)") } }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
