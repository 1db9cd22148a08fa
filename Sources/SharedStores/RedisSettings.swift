import GatewayEngine
package import GatewayKit
package import NIOCore
package import NIOSSL

/// Where the server is and how long things may take.
package struct RedisSettings: Sendable {
  /// The server's name or address.
  package var host: String
  /// Its port.
  package var port: Int
  /// The number of the database.
  package var database = 0
  /// Whom to authenticate as; nil for the default user.
  package var user: String?
  /// The password; nil for none.
  package var password: Secret?
  /// TLS; nil for none.
  package var tls: NIOSSLContext?
  /// How long a connection may take until the server has accepted the credentials.
  package var connectTimeout = Duration.milliseconds(100)
  /// How long an answer may take.
  package var timeout = Duration.milliseconds(50)
  /// How many commands one connection may have on their way.
  package var maxInFlight = 1024
  /// How many gateways share the store, at least 1.
  package var gateways = 1
  /// What stands in the braces of every key, and so decides in which slot of a cluster all of them lie. Without braces.
  package var keyTag = "limits"
  /// Finds the addresses of a name; on a thread that may wait.
  package var lookUp: @Sendable (String) throws -> [SocketAddress]

  /// A server without TLS and password.
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
    lookUp = AddressLookup.system
  }

  /// What `stores.redis` or `stores.cache.redis` says.
  ///
  /// - Throws: when the authority of the server's certificate cannot be read.
  package init(_ configuration: RedisConfiguration) throws(ConfigurationError) {
    self.init(host: configuration.host, port: configuration.port)
    database = configuration.database
    user = configuration.user
    password = configuration.password
    connectTimeout = configuration.connectTimeout
    timeout = configuration.timeout
    maxInFlight = configuration.maxInFlight
    gateways = configuration.gateways
    if configuration.isTLS { tls = try Self.context(configuration) }
  }

  private static func context(_ configuration: RedisConfiguration) throws(ConfigurationError) -> NIOSSLContext {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let file = configuration.authority { tls.trustRoots = .file(file) }
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw ConfigurationError(issues: [
        ConfigurationIssue(
          position: configuration.position, path: "\(configuration.path).ca", message: "TLS cannot be set up: \(error)",
          hint: "name a PEM file with the certificate of the authority that signed the server's")
      ])
    }
  }
}

extension Duration {
  /// Nanoseconds, at least one and at most a day's.
  var limit: Int64 {
    let bounded = max(.nanoseconds(1), min(self, .seconds(86_400)))
    return bounded.components.seconds * 1_000_000_000 + bounded.components.attoseconds / 1_000_000_000
  }
}
