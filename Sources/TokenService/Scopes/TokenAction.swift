/// The five actions, with the scopes that allow them as the published description lists them.
///
/// Groups are literal entries of these lists. There is no prefix rule and no `*`: `userApiTokens.*` allows the list
/// and creation because their lists name it, and nothing else.
enum TokenAction: String, CaseIterable, Sendable {
  case list = "userApiTokens.get"
  case create = "userApiTokens.post"
  case show = "userApiToken.get"
  case change = "userApiToken.patch"
  case delete = "userApiToken.delete"

  var scopes: Set<String> {
    let readers = ["all.User", "all.User.bounded", "all.User.read", "only.User", "only.User.bounded", "only.User.read"]
    let writers = ["all.User", "only.User"]
    return switch self {
    case .list: Set(readers + ["userApiTokens.*", rawValue])
    case .create: Set(writers + ["userApiTokens.*", rawValue])
    case .show: Set(readers + ["userApiToken.*", rawValue])
    case .change, .delete: Set(writers + ["userApiToken.*", rawValue])
    }
  }

  func isAllowed(by scopes: [String]) -> Bool { !self.scopes.isDisjoint(with: scopes) }
}
