public import Foundation
import GRDB
import Hummingbird
public import Logging
public import NIOCore
public import ServiceLifecycle
import Synchronization
import UserApiTokens

/// An embedded origin: the five actions on user API tokens over SQLite, with real signed tokens (EdDSA, RFC 8037).
///
/// It answers as the published API does: the order of checks, the error bodies, the paging, and `_links` and
/// `_actions` cut to the caller's scopes. Where the API is not described, the choice is told where it is made.
///
/// **Domains.** A user belongs to one domain, and a token carries its user's domain as `iss`. The service's own domain is
/// its `issuer`. A request with the field `losantdomain` needs a token of that domain; without the field, the token's
/// issuer names the domain. So nothing of one domain is reached with a token of another.
///
/// Besides `/me/tokens` and `/me/tokens/{apiTokenId}` there are `/.well-known/jwks.json` (RFC 7517) and `/livez`.
public final class TokenService: Service, Sendable {
  /// What the service was made with.
  public let configuration: Configuration
  private let store: TokenStore
  private let issuer: TokenIssuer
  private let logger: Logger
  private let bound = Mutex<SocketAddress?>(nil)

  /// Opens the database, which makes the signing key if there is none. Nothing listens yet.
  ///
  /// - Throws: ``TokenServiceError``, or an error of the database.
  public init(configuration: Configuration, logger: Logger) async throws {
    var configuration = configuration
    configuration.issuer = try Self.domainName(configuration.issuer)
    let store = TokenStore(
      writer: try TokenDatabase.open(configuration.database),
      maximumTokensPerUser: configuration.maximumTokensPerUser)
    let signer = try await store.signer(now: WireDate.milliseconds(configuration.now()))
    issuer = TokenIssuer(store: store, signer: signer, audience: configuration.audience, now: configuration.now)
    self.store = store
    self.configuration = configuration
    self.logger = logger
  }

  /// The user of that name in that domain, who is made if not there.
  ///
  /// - Parameters:
  ///   - name: Any name; at most 1024 characters are kept.
  ///   - domain: A host name; `nil` for the service's own.
  public func seedUser(name: String, domain: String? = nil) throws -> TokenServiceUser {
    let domain = try domain.map(Self.domainName) ?? configuration.issuer
    let time = WireDate.milliseconds(configuration.now())
    return try store.writer.write {
      try TokenStore.user(named: String(name.prefix(1024)), domain: domain, now: time, in: $0)
    }
  }

  /// Makes a token without HTTP. Its scopes are not checked against the published names, so that a test can make any.
  ///
  /// - Parameters:
  ///   - user: Whose token it is.
  ///   - name: Its name.
  ///   - scopes: What it may do.
  ///   - expirationDate: When it stops working; `nil` for never.
  /// - Throws: ``TokenServiceError``, or an error of the database.
  public func issueToken(
    for user: TokenServiceUser, name: String, scopes: [String], expirationDate: Date? = nil
  ) async throws -> IssuedToken {
    try await issuer.issue(
      TokenDraft(name: name, scope: scopes, expires: expirationDate.map(WireDate.milliseconds)),
      owner: Owner(id: user.id, domain: user.domain),
      creator: Creator(id: user.id, type: .user, name: user.name))
  }

  /// How many tokens a user has.
  public func tokenCount(of user: TokenServiceUser) throws -> Int {
    try store.writer.read { database in
      try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM tokens WHERE user = ?", arguments: [user.id]) ?? 0
    }
  }

  /// Where the service listens, once it does; tells the port if 0 was asked for.
  public var boundAddress: SocketAddress? { bound.withLock { $0 } }

  /// Serves until it is told to shut down gracefully or its task is cancelled.
  public func run() async throws { try await serve { _ in } }

  /// Serves while a body runs, which gets the address, and shuts down afterwards.
  public func withRunning<Result: Sendable>(
    _ body: (SocketAddress) async throws -> Result
  ) async throws -> Result {
    let (addresses, continuation) = AsyncStream<SocketAddress>.makeStream()
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: Listening(service: self, report: continuation))], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { continuation.finish() }
        try await group.run()
      }
      guard let address = await addresses.first(where: { _ in true }) else {
        try await tasks.waitForAll()
        throw TokenServiceError.notListening
      }
      do {
        let result = try await body(address)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
      } catch {
        await group.triggerGracefulShutdown()
        // Leaving now would cancel the shutdown, and its complaints would bury the error that matters.
        try? await tasks.waitForAll()
        throw error
      }
    }
  }

  private struct Listening: Service {
    let service: TokenService
    let report: AsyncStream<SocketAddress>.Continuation

    func run() async throws { try await service.serve { report.yield($0) } }
  }

  private func serve(onBound: @escaping @Sendable (SocketAddress) -> Void) async throws {
    let application = Application(
      responder: responder(),
      server: .http1(configuration: .init(idleTimeout: .seconds(Int64(max(configuration.idleSeconds, 1))))),
      configuration: .init(
        address: .hostname(configuration.host, port: configuration.port), serverName: "gatehouse-token-service",
        availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: logger)),
      onServerRunning: { [self] channel in
        guard let address = channel.localAddress else { return }
        bound.withLock { $0 = address }
        logger.info("Token service listens", metadata: ["address": "\(address)"])
        onBound(address)
        configuration.onListening(address)
      },
      logger: logger)
    try await application.run()
  }

  private func responder() -> TokenResponder {
    let authenticator = Authenticator(store: store, signer: issuer.signer, now: configuration.now)
    let actions = TokenActions(store: store, issuer: issuer, authenticator: authenticator, now: configuration.now)
    return TokenResponder(
      actions: actions, maximumBodySize: configuration.maximumBodySize, keySet: issuer.signer.keySet,
      keySetSeconds: configuration.keySetSeconds)
  }

  private static func domainName(_ text: String) throws(TokenServiceError) -> String {
    let name = text.lowercased()
    let isName = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
    }
    guard isName, (1...253).contains(name.utf8.count) else { throw .invalidDomain(text) }
    return name
  }
}
