/// Whether requests with a token are served.
public enum TokenStatus: WireValue {
  /// Requests with the token are served.
  case active
  /// Requests with the token fail.
  case inactive
  /// A status that this version does not know.
  case other(String)

  /// The words that this version knows.
  public static let known: [TokenStatus] = [.active, .inactive]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .active: "active"
    case .inactive: "inactive"
    case .other(let word): word
    }
  }
}

/// What a token may do at most in an organisation (or where no organisation is named), whatever its scopes say.
public enum TokenRole: WireValue {
  /// Everything, members and settings of the organisation included.
  case admin
  /// Everything but members and settings of the organisation.
  case edit
  /// Changes to what exists.
  case collaborate
  /// Reading.
  case view
  /// Nothing.
  case none
  /// A role that this version does not know.
  case other(String)

  /// The words that this version knows.
  public static let known: [TokenRole] = [.admin, .edit, .collaborate, .view, .none]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .admin: "admin"
    case .edit: "edit"
    case .collaborate: "collaborate"
    case .view: "view"
    case .none: "none"
    case .other(let word): word
    }
  }
}

/// What a token may do at most with one application or dashboard: ``collaborate``, ``view`` or ``none``.
public enum ResourceRole: WireValue {
  /// Changes to what exists.
  case collaborate
  /// Reading.
  case view
  /// Nothing.
  case none
  /// A role that this version does not know.
  case other(String)

  /// The words that this version knows.
  public static let known: [ResourceRole] = [.collaborate, .view, .none]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .collaborate: "collaborate"
    case .view: "view"
    case .none: "none"
    case .other(let word): word
    }
  }
}

/// Who made a token.
public enum CreatorType: WireValue {
  /// A request with an API token.
  case apiToken
  /// A user who was logged in.
  case user
  /// A workflow.
  case flow
  /// A kind that this version does not know.
  case other(String)

  /// The words that this version knows.
  public static let known: [CreatorType] = [.apiToken, .user, .flow]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .apiToken: "apiToken"
    case .user: "user"
    case .flow: "flow"
    case .other(let word): word
    }
  }
}

/// What a token belongs to.
public enum OwnerType: WireValue {
  /// An application.
  case application
  /// A user.
  case user
  /// A kind that this version does not know.
  case other(String)

  /// The words that this version knows.
  public static let known: [OwnerType] = [.application, .user]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .application: "application"
    case .user: "user"
    case .other(let word): word
    }
  }
}
