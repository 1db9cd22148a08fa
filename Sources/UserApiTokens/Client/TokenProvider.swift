/// Where a client takes its access token from. It is asked before every call, so a token can be renewed.
public protocol TokenProvider: Sendable {
  /// The access token to send, or `nil` to send no `Authorization` field.
  ///
  /// - Parameter rejected: `nil` at first. When the API answered 401, the token it refused: a provider that can renew
  ///   its token does so now and returns the new one; the call is then repeated once. A provider that cannot returns
  ///   the same token again, and the caller sees the 401.
  /// - Throws: Anything; the call ends in ``UserApiTokensError/tokenUnavailable(reason:)`` with the error's description,
  ///   which therefore must not contain a secret.
  func accessToken(rejected: SecretToken?) async throws -> SecretToken?
}

/// One token that never changes, or none at all.
public struct StaticToken: TokenProvider {
  private let token: SecretToken?

  /// A provider of this token; `nil` or an empty one means that no `Authorization` field is sent.
  public init(_ token: SecretToken?) { self.token = token }

  /// The token given at the beginning.
  public func accessToken(rejected: SecretToken?) async throws -> SecretToken? { token }
}
