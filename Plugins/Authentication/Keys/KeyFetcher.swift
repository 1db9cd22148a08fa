import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Fetches key sets. No redirect is followed and no answer larger than a key set may be is read.
struct KeyFetcher: Sendable {
  private let client: HTTPClient
  private static let deadline = TimeAmount.seconds(10)

  init(eventLoopGroup: any EventLoopGroup) {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(5)
    configuration.timeout.read = .seconds(5)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
    // Tokens wait for the answer: that nobody listens is one, too.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.idleTimeout = .seconds(5)
    client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
  }

  /// The keys that the address holds now, and what was wrong with others.
  func fetch(_ url: String, terms: KeyTerms) async throws -> JSONWebKeySet.Content {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
    request.headers.add(name: "User-Agent", value: "gatehouse")
    let response = try await client.execute(request, timeout: Self.deadline)
    guard response.status == .ok else { throw KeyProblem("answered \(response.status.code); 200 is needed") }
    let body = try await response.body.collect(upTo: JSONWebKeySet.largest)
    return try JSONWebKeySet.parse(Array(body.readableBytesView), terms: terms)
  }

  func shutdown() async {
    // It fails only when it was shut down before.
    try? await client.shutdown()
  }
}
