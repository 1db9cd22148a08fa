public import AsyncHTTPClient
import Foundation
import NIOCore

extension UserApiTokensClient {
  /// Where the API is and how patient and how trusting the client is.
  public struct Configuration: Sendable {
    /// Scheme, host, port and path prefix, without a closing slash.
    let base: String

    /// How long a call may take in all, from the token provider to the last byte of the answer. At most a day.
    public var timeout: Duration

    /// The most bytes an answer may have; at least 1 KiB.
    public var maximumAnswerSize: Int

    /// The value of `Accept-Version`.
    public var acceptVersion: String

    /// - Parameters:
    ///   - baseURL: An `http` or `https` address, perhaps with a path prefix; a closing slash makes no difference.
    ///     User name, query and fragment are refused.
    ///   - timeout: For every call that names no other; 30 seconds by default.
    ///   - maximumAnswerSize: In bytes; 64 MiB by default, which holds a page of 1000 tokens with long descriptions.
    ///   - acceptVersion: The API version asked for.
    /// - Throws: ``UserApiTokensError/invalidArgument(name:reason:)``.
    public init(
      baseURL: String = "https://api.losant.com", timeout: Duration = .seconds(30),
      maximumAnswerSize: Int = 64 << 20, acceptVersion: String = "^1.31.0"
    ) throws(UserApiTokensError) {
      base = try Self.normalized(baseURL)
      self.timeout = timeout
      self.maximumAnswerSize = max(maximumAnswerSize, 1024)
      self.acceptVersion = acceptVersion
    }

    private static func normalized(_ text: String) throws(UserApiTokensError) -> String {
      func refuse(_ reason: String) -> UserApiTokensError {
        .invalidArgument(name: "baseURL", reason: "\(reason); write it like https://api.losant.com")
      }
      guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
        let host = parts.percentEncodedHost, !host.isEmpty
      else { throw refuse("is not an address") }
      guard ["http", "https"].contains(scheme) else { throw refuse("has the scheme \(scheme)") }
      guard parts.user == nil, parts.password == nil else { throw refuse("must not hold a user name") }
      guard parts.query == nil, parts.fragment == nil else { throw refuse("must not have a query or a fragment") }
      var path = parts.percentEncodedPath
      while path.hasSuffix("/") { path.removeLast() }
      return "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")\(path)"
    }
  }

  /// A configuration for an `HTTPClient` that suits this client: it follows no redirect, so that neither a token nor a
  /// domain name is ever sent to a place that was not asked for, and it decodes no compressed answer.
  public static var httpClientConfiguration: HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .seconds(10)
    configuration.httpVersion = .http1Only
    // Who is refused a connection is told so at once, and not after ten seconds of trying again.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }
}
