import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import UserApiTokens

/// Fetches key sets. No redirect is followed and no answer larger than a key set may be is read.
struct KeyFetcher: Sendable {
  private let client: HTTPClient
  private let deadline: Duration

  /// - Parameter deadline: how long a fetch may take, from its beginning to the last byte.
  init(eventLoopGroup: any EventLoopGroup, deadline: Duration = .seconds(10)) {
    self.deadline = deadline
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
    let result: Result<JSONWebKeySet.Content, any Error>
    do throws(UserApiTokensError) {
      // The HTTP client's own deadline ends with the head. A body that trickles would hold up all who wait for keys, and
      // every later fetch, so that a key that was withdrawn stays good.
      result = try await withDeadline(deadline) {
        do { return .success(try await read(url, terms)) } catch { return .failure(error) }
      }
    } catch {
      throw KeyProblem("gave no complete answer within \(deadline)")
    }
    return try result.get()
  }

  private func read(_ url: String, _ terms: KeyTerms) async throws -> JSONWebKeySet.Content {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
    request.headers.add(name: "User-Agent", value: "gatehouse")
    let response = try await client.execute(request, timeout: .nanoseconds(deadline.nanoseconds))
    guard response.status == .ok else { throw KeyProblem("answered \(response.status.code); 200 is needed") }
    let body = try await response.body.collect(upTo: JSONWebKeySet.largest)
    return try JSONWebKeySet.parse(Array(body.readableBytesView), terms: terms)
  }

  func shutdown() async {
    // It fails only when it was shut down before.
    try? await client.shutdown()
  }
}
