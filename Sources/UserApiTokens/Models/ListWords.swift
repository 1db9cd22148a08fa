/// What a list of tokens may be sorted by.
public enum SortField: WireValue {
  /// The name; the API's default.
  case name
  /// The status.
  case status
  /// The id, which begins with the second of creation.
  case id
  /// When the token was made.
  case creationDate
  /// When the token was last changed.
  case lastUpdated
  /// When the token expires.
  case expirationDate
  /// A field that this version does not know; the API answers 400 if it does not know it either.
  case other(String)

  /// The words that this version knows.
  public static let known: [SortField] = [.name, .status, .id, .creationDate, .lastUpdated, .expirationDate]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .name: "name"
    case .status: "status"
    case .id: "id"
    case .creationDate: "creationDate"
    case .lastUpdated: "lastUpdated"
    case .expirationDate: "expirationDate"
    case .other(let word): word
    }
  }
}

/// The direction of a sorted list.
public enum SortDirection: WireValue {
  /// Ascending; the API's default.
  case ascending
  /// Descending.
  case descending
  /// A direction that this version does not know; an answer may carry an empty one.
  case other(String)

  /// The words that this version knows.
  public static let known: [SortDirection] = [.ascending, .descending]

  /// Reads a word; answers carry `asc`, `desc`, `ASC`, `DESC` or nothing.
  public init(rawValue: String) {
    switch rawValue.lowercased() {
    case "asc": self = .ascending
    case "desc": self = .descending
    default: self = .other(rawValue)
    }
  }

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .ascending: "asc"
    case .descending: "desc"
    case .other(let word): word
    }
  }
}

/// What a list of tokens may be filtered by.
public enum FilterField: WireValue {
  /// The name.
  case name
  /// The status.
  case status
  /// A field that this version does not know; the API answers 400 if it does not know it either.
  case other(String)

  /// The words that this version knows.
  public static let known: [FilterField] = [.name, .status]

  /// The word on the wire.
  public var rawValue: String {
    switch self {
    case .name: "name"
    case .status: "status"
    case .other(let word): word
    }
  }
}
