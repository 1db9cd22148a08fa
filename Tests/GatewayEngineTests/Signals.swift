import GatewayEngine
import GatewayTesting

/// A number of events that a test waits for: given by one side, taken by the other.
struct Signals: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func give() { continuation.yield() }

  /// Waits for one; false when no more will come.
  @discardableResult
  func take() async -> Bool {
    var iterator = stream.makeAsyncIterator()
    return await iterator.next() != nil
  }
}

extension TestGateway {
  /// Waits until an answer or a cut of the gateway's own with this reason has been counted; false when it is not in time.
  func counts(_ reason: String, _ number: UInt64 = 1) async throws -> Bool {
    for _ in 0..<600 {
      if try await counters().reasons[reason, default: 0] >= number { return true }
      try await Task.sleep(for: .milliseconds(50))
    }
    return false
  }

  /// Lets the loop look at its timers; what is due by the test's clock has happened then.
  func settle() async throws { try await Task.sleep(for: .milliseconds(200)) }
}

/// A configuration with one domain, `example.com`, in front of one origin, and nothing set for the times.
func bare(origin: Int, upstream: String = "", _ more: String = "") -> String {
  """
  version: 1
  listeners: [{ bind: "127.0.0.1:0" }]
  upstreams: { origin: { endpoints: ["http://127.0.0.1:\(origin)"]\(upstream) } }
  domains: [{ name: example.com, upstream: origin }]
  \(more)
  """
}
