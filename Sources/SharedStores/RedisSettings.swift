package import GatewayKit
import NIOCore
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

  /// A server without TLS and password.
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// What `stores.redis` says.
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
          position: configuration.position, path: "stores.redis.ca", message: "TLS cannot be set up: \(error)",
          hint: "name a PEM file with the certificate of the authority that signed the server's")
      ])
    }
  }

  /// The longest pause between two attempts to connect.
  static let longestPause = TimeAmount.seconds(2)

  /// How long to wait after so many failures in a row: 50 ms, then twice as long each time.
  static func pause(after failures: Int) -> TimeAmount {
    min(.milliseconds(50 << Int64(min(max(failures, 1) - 1, 6))), longestPause)
  }
}

extension Duration {
  /// The same for NIO, at least a nanosecond and at most a day.
  var timeAmount: TimeAmount {
    let bounded = max(.nanoseconds(1), min(self, .seconds(86_400)))
    return .nanoseconds(bounded.components.seconds * 1_000_000_000 + bounded.components.attoseconds / 1_000_000_000)
  }
}
