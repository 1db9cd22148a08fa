import UserApiTokens

/// `_links`, `_actions` and `_embedded`, cut to what the caller's scopes allow: the same address answers differently
/// for two tokens of one user.
struct Extras: Sendable {
  let links: Bool
  let actions: Bool
  let embedded: Bool
  let scopes: [String]

  init(query: QueryParameters, scopes: [String]) {
    links = query.flag("_links")
    actions = query.flag("_actions")
    embedded = query.flag("_embedded")
    self.scopes = scopes
  }

  func adding(to token: ApiToken) -> ApiToken {
    var token = token
    let own = "/me/tokens/\(token.id)"
    if links { token.links = links([("self", own, .show), ("userApiTokens", "/me/tokens", .list)]) }
    if actions {
      token.actions = actions([
        ("get", "GET", own, .show), ("patch", "PATCH", own, .change), ("delete", "DELETE", own, .delete),
      ])
    }
    if embedded { token.embedded = .object([:]) }
    return token
  }

  func adding(to page: ApiTokens) -> ApiTokens {
    var page = page
    page.additional["_type"] = .string("apiTokens")
    if links { page.links = links([("self", "/me/tokens", .list)]) }
    if actions {
      page.actions = actions([("get", "GET", "/me/tokens", .list), ("post", "POST", "/me/tokens", .create)])
    }
    if embedded { page.embedded = .object([:]) }
    return page
  }

  private func links(_ entries: [(name: String, href: String, action: TokenAction)]) -> [String: Link] {
    var links: [String: Link] = [:]
    for entry in entries where entry.action.isAllowed(by: scopes) { links[entry.name] = Link(href: entry.href) }
    return links
  }

  private func actions(
    _ entries: [(name: String, method: String, href: String, action: TokenAction)]
  ) -> JSONValue {
    var actions: [String: JSONValue] = [:]
    for entry in entries where entry.action.isAllowed(by: scopes) {
      actions[entry.name] = .object(["method": .string(entry.method), "href": .string(entry.href)])
    }
    return .object(actions)
  }
}
