public import Foundation
public import NIOCore

extension TokenService {
  /// Where the service listens, where it keeps its tokens, and its limits.
  public struct Configuration: Sendable {
    /// Where users, tokens and the signing key are kept.
    public enum Storage: Hashable, Sendable {
      /// In memory; everything is gone when the service ends.
      case memory
      /// In an SQLite file, which is made if it is not there and is readable for its owner only (mode 0600), because it
      /// holds the signing key. An acknowledged write survives a kill and a power loss.
      case file(String)
    }

    /// The host to listen on.
    public var host: String
    /// The port to listen on; 0 takes a free one.
    public var port: Int
    /// Where the data are kept.
    public var database: Storage
    /// The name of the service's own domain: a host name without scheme. It is the `iss` of tokens of users of no
    /// other domain.
    public var issuer: String
    /// The `aud` of new tokens; empty for none, which is how user API tokens look.
    public var audience: [String] = []
    /// The most bytes a request body may have.
    public var maximumBodySize = 1 << 20
    /// The most tokens a user may have.
    public var maximumTokensPerUser = 10_000
    /// The most connections at one time.
    public var maximumConnections = 1024
    /// How long a connection may be silent before it is closed, in seconds.
    public var idleSeconds = 60
    /// How long a client may keep the key set, in seconds.
    public var keySetSeconds = 60
    /// The clock.
    public var now: @Sendable () -> Date = { Date() }
    /// Called with the address once the service listens.
    public var onListening: @Sendable (SocketAddress) -> Void = { _ in }

    /// A service that listens there.
    public init(
      host: String = "127.0.0.1", port: Int = 0, database: Storage = .memory, issuer: String = "api.example.com"
    ) {
      self.host = host
      self.port = port
      self.database = database
      self.issuer = issuer
    }
  }
}
