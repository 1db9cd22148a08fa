import GatewayKit
import GatewayTesting
import SharedStores
import Testing

/// The suite of all stores, unchanged, with the server and with units in advance.
@Suite(.enabled(if: RedisServer.isThere, RedisServer.missing))
struct ConformanceTests {
  @Test func oneGatewayConforms() async throws {
    let server = try await RedisServer()
    try await LimitStoreConformance.check(LimitStoreConformance.Subject([server.store(.caller)]))
  }

  @Test func severalGatewaysConform() async throws {
    let server = try await RedisServer()
    try await LimitStoreConformance.check(
      LimitStoreConformance.Subject(server.stores(2), loops: 2), seeds: 100..<104)
  }

  @Test(arguments: [(1, 1), (3, 200_000_000), (16, 1_000_000_000), (1000, 20_000_000_000)] as [(Int64, Int64)])
  func leasesStayWithinTheirBound(batch: Int64, time: Int64) async throws {
    let server = try await RedisServer()
    try await LimitStoreConformance.check(
      LimitStoreConformance.Subject(server.stores(2), loops: 2, lease: LimitLease(batch: batch, time: time)),
      seeds: 0..<4)
  }

  /// Without leases the bound is exact, whoever asks.
  @Test func severalGatewaysTogetherAreExact() async throws {
    let server = try await RedisServer()
    let lease = LimitLease(batch: 50, time: 1_000_000_000)
    try await LimitStoreConformance.check(
      LimitStoreConformance.Subject(server.stores(1), loops: 3, lease: lease), seeds: 20..<24)
  }
}
