import HTTPTypes

/// Where the API finds a token in a request.
enum Credential: Hashable {
  case none
  case malformed
  case token(String)

  /// The query parameter `access_token`, else `jwt`, else the field `Authorization` with the scheme `Bearer` or `JWT`,
  /// in any letter case, and one blank. A field of another scheme is no token.
  init(query: QueryParameters, headers: HTTPFields) {
    if let token = query["access_token"] ?? query["jwt"] {
      self = .token(token)
      return
    }
    let parts = (headers[.authorization] ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard let scheme = parts.first?.lowercased(), scheme == "bearer" || scheme == "jwt", parts.count > 1 else {
      self = .none
      return
    }
    guard parts.count == 2 else {
      self = .malformed
      return
    }
    self = parts[1].isEmpty ? .none : .token(String(parts[1]))
  }
}
