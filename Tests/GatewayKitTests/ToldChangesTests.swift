import GatewayKit
import Synchronization
import Testing

/// Whoever purges is told that others know only when they do.
@Suite struct ToldChangesTests {
  /// What tells others, as the test says.
  private final class Peers: CacheSpreading {
    let patience: Duration
    private let connected: Atomic<Bool>
    private let told: @Sendable (Peers, UInt64) -> Void

    init(isConnected: Bool = true, patience: Duration, told: @escaping @Sendable (Peers, UInt64) -> Void) {
      connected = Atomic(isConnected)
      (self.patience, self.told) = (patience, told)
    }

    var isConnected: Bool { connected.load(ordering: .relaxed) }

    func disconnect() { connected.store(false, ordering: .relaxed) }

    func spread(_ change: CacheChange, number: UInt64) { told(self, number) }
  }

  private let caches = AnswerCaches(seed: 1)

  private func learns(_ peers: Peers) async throws -> Bool {
    caches.spread(through: peers, includingWrites: true)
    return await caches.learns(of: try #require(caches.tell(.purge(CachePurge(.all)))))
  }

  @Test func nobodyIsToldAnythingWithoutOthers() { #expect(caches.tell(.purge(CachePurge(.all))) == nil) }

  /// Their word comes some time later.
  @Test func waitsForTheWord() async throws {
    let peers = Peers(patience: .seconds(3600)) { [caches] _, number in
      Task { caches.untold.told(upTo: number) }
    }
    for _ in 0..<3 { #expect(try await learns(peers)) }
  }

  @Test func doesNotWaitForEver() async throws {
    #expect(try await !learns(Peers(patience: .milliseconds(5)) { _, _ in }))
  }

  /// What is refused, or lost with the connection, is known at once not to be told.
  @Test func doesNotWaitForWhatWillNotCome() async throws {
    #expect(
      try await !learns(Peers(patience: .seconds(3600)) { peers, _ in Task { peers.disconnect() } }))
    #expect(try await !learns(Peers(isConnected: false, patience: .seconds(3600)) { _, _ in }))
  }
}
