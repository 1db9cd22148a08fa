import NIOCore
import NIOHTTP1

/// The actions on one API token of the user: `GET`, `PATCH` and `DELETE /me/tokens/{apiTokenId}`.
public struct UserApiTokenActions: Sendable {
  let client: UserApiTokensClient

  /// The description of a token, without the token itself.
  ///
  /// Scopes, any one: `all.User`, `all.User.bounded`, `all.User.read`, `only.User`, `only.User.bounded`,
  /// `only.User.read`, `userApiToken.*`, `userApiToken.get`.
  ///
  /// - Parameters:
  ///   - apiTokenId: The token's id, 24 hex digits. It is escaped, so no text changes which path is asked for.
  ///   - options: Domain, `_actions`, `_links`, `_embedded` and the time the call may take.
  public func get(
    apiTokenId: String, options: CallOptions = CallOptions()
  ) async throws(UserApiTokensError) -> ApiToken {
    try await client.call(try request(.GET, apiTokenId, options), as: ApiToken.self, options: options)
  }

  /// Changes a token. Scopes and expiration cannot be changed.
  ///
  /// Scopes, any one: `all.User`, `only.User`, `userApiToken.*`, `userApiToken.patch`.
  ///
  /// - Parameters:
  ///   - apiTokenId: The token's id, 24 hex digits.
  ///   - apiToken: What shall change.
  ///   - options: Domain, `_actions`, `_links`, `_embedded` and the time the call may take.
  /// - Returns: The token after the change.
  public func patch(
    apiTokenId: String, _ apiToken: ApiTokenPatch, options: CallOptions = CallOptions()
  ) async throws(UserApiTokensError) -> ApiToken {
    let body = try UserApiTokensClient.body(apiToken)
    return try await client.call(
      try request(.PATCH, apiTokenId, options, body: body), as: ApiToken.self, options: options)
  }

  /// Deletes a token for good.
  ///
  /// Scopes, any one: `all.User`, `only.User`, `userApiToken.*`, `userApiToken.delete`.
  ///
  /// - Parameters:
  ///   - apiTokenId: The token's id, 24 hex digits.
  ///   - options: Domain, `_actions`, `_links`, `_embedded` and the time the call may take.
  /// - Returns: What the API says of it: `success` of its answer.
  @discardableResult
  public func delete(
    apiTokenId: String, options: CallOptions = CallOptions()
  ) async throws(UserApiTokensError) -> Bool {
    try await client.call(try request(.DELETE, apiTokenId, options), as: Outcome.self, options: options).success
  }

  private struct Outcome: Decodable, Sendable {
    let success: Bool
  }

  private func request(
    _ method: HTTPMethod, _ apiTokenId: String, _ options: CallOptions, body: ByteBuffer? = nil
  ) throws(UserApiTokensError) -> WireRequest {
    // An empty segment or a dot segment (RFC 3986, section 5.2.4) would name another path however it is escaped.
    guard !["", ".", ".."].contains(apiTokenId) else {
      throw .invalidArgument(name: "apiTokenId", reason: "is '\(apiTokenId)'; it has 24 hex digits")
    }
    return try WireRequest(
      method, path: ["me", "tokens", apiTokenId], body: body, configuration: client.configuration, options: options)
  }
}
