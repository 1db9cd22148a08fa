import NIOHTTP1

/// The actions on all API tokens of the user: `GET /me/tokens` and `POST /me/tokens`.
public struct UserApiTokensActions: Sendable {
  let client: UserApiTokensClient

  /// One page of the user's tokens.
  ///
  /// Scopes, any one: `all.User`, `all.User.bounded`, `all.User.read`, `only.User`, `only.User.bounded`,
  /// `only.User.read`, `userApiTokens.*`, `userApiTokens.get`.
  ///
  /// - Parameters:
  ///   - sortField: What to sort by; the API's default is the name.
  ///   - sortDirection: The API's default is ascending.
  ///   - page: Which page, from 0.
  ///   - perPage: How many tokens a page has; the API's default is 100. The API publishes no maximum; 1000 is known
  ///     to work.
  ///   - filterField: What to filter by. Blank or absent means no filter.
  ///   - filter: A pattern in which `*` stands for any characters, such as `my*token`.
  ///   - options: Domain, `_actions`, `_links`, `_embedded` and the time the call may take.
  public func get(
    sortField: SortField? = nil, sortDirection: SortDirection? = nil, page: Int? = nil, perPage: Int? = nil,
    filterField: FilterField? = nil, filter: String? = nil, options: CallOptions = CallOptions()
  ) async throws(UserApiTokensError) -> ApiTokens {
    if let page, page < 0 { throw .invalidArgument(name: "page", reason: "is \(page); pages count from 0") }
    if let perPage, perPage < 1 { throw .invalidArgument(name: "perPage", reason: "is \(perPage); at least 1") }
    let query: [(String, String?)] = [
      ("sortField", sortField?.rawValue), ("sortDirection", sortDirection?.rawValue),
      ("page", page.map(String.init)), ("perPage", perPage.map(String.init)),
      ("filterField", filterField?.rawValue), ("filter", filter),
    ]
    let request = try WireRequest(
      .GET, path: ["me", "tokens"], query: query, configuration: client.configuration, options: options)
    return try await client.call(request, as: ApiTokens.self, options: options)
  }

  /// Makes a token. The answer holds the token itself, in ``ApiToken/token``, this one time.
  ///
  /// Scopes, any one: `all.User`, `only.User`, `userApiTokens.*`, `userApiTokens.post`. The new token may have wider
  /// scopes than the one that makes it, so `userApiTokens.post` is a powerful scope.
  ///
  /// - Parameters:
  ///   - apiToken: What the token shall be.
  ///   - options: Domain, `_actions`, `_links`, `_embedded` and the time the call may take. After a timeout it is not
  ///     known whether the token was made.
  public func post(
    _ apiToken: ApiTokenPost, options: CallOptions = CallOptions()
  ) async throws(UserApiTokensError) -> ApiToken {
    let request = try WireRequest(
      .POST, path: ["me", "tokens"], body: try UserApiTokensClient.body(apiToken),
      configuration: client.configuration, options: options)
    return try await client.call(request, as: ApiToken.self, options: options)
  }

  /// All tokens of all pages, one after the other, each at most once.
  ///
  /// - Parameters:
  ///   - sortField: What to sort by. The id is steady while tokens are made, changed and deleted, so it is the default.
  ///   - sortDirection: The API's default is ascending.
  ///   - perPage: How many tokens to ask for at a time, 1 to 1000.
  ///   - filterField: What to filter by.
  ///   - filter: A pattern with `*`.
  ///   - maximumPages: At most a million. After that many pages, or what they can hold, the sequence throws ``UserApiTokensError/endlessList(page:reason:)``.
  ///   - options: For every page; its timeout is for one page.
  public func all(
    sortField: SortField? = .id, sortDirection: SortDirection? = nil, perPage: Int = 100,
    filterField: FilterField? = nil, filter: String? = nil, maximumPages: Int = 1000,
    options: CallOptions = CallOptions()
  ) -> ApiTokenSequence {
    ApiTokenSequence(
      actions: self, sortField: sortField, sortDirection: sortDirection, perPage: min(max(perPage, 1), 1000),
      filterField: filterField, filter: filter, maximumPages: min(max(maximumPages, 1), 1_000_000), options: options)
  }
}
