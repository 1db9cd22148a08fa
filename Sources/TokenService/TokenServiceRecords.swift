import Foundation
public import UserApiTokens

/// Somebody who owns tokens, in one domain.
public struct TokenServiceUser: Hashable, Sendable, Identifiable {
  /// 24 hex digits; the `sub` of the user's tokens.
  public let id: String
  /// The domain, in lower case; the `iss` of the user's tokens.
  public let domain: String
  /// The name, unique in the domain.
  public let name: String
}

/// A token that was just made: the only moment at which its secret is known.
public struct IssuedToken: Sendable {
  /// What is kept of it.
  public let record: ApiToken
  /// The signed token. It is stored nowhere.
  public let secret: SecretToken
}

/// What a call of ``TokenService`` cannot do.
public enum TokenServiceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The issuer or a domain is not a host name.
  case invalidDomain(String)
  /// There is no such user.
  case unknownUser(String)
  /// The user has as many tokens as a user may have.
  case tooManyTokens(limit: Int)
  /// The database file cannot be made or is not one of this service.
  case unusableDatabase(path: String, reason: String)
  /// The server ended before it listened.
  case notListening

  /// What was wrong and what would be right.
  public var description: String {
    switch self {
    case .invalidDomain(let name): "'\(name)' is not a host name such as api.example.com (no scheme, port or path)"
    case .unknownUser(let id): "there is no user \(id); make one with seedUser"
    case .tooManyTokens(let limit): "the user has \(limit) tokens, the most a user may have; delete some first"
    case .unusableDatabase(let path, let reason): "cannot use the database \(path): \(reason)"
    case .notListening: "the server ended before it listened"
    }
  }
}
