import UserApiTokens

/// Which tokens of a user to list. The texts that go into SQL come from here, never from a request.
struct TokenListQuery: Sendable {
  var sortField: SortField = .name
  var sortDirection: SortDirection = .ascending
  var page = 0
  var perPage = 100
  var filterField: FilterField?
  var filter: String?

  static let maximumPerPage = 1000

  /// A filter without a field is one of the name.
  var filterColumn: String { filterField == .status ? "status" : "name" }

  /// Names sort without regard to the case of ASCII letters; never to expire counts as the latest of all dates; the id
  /// decides between equals, so that pages never overlap.
  var order: String {
    let direction = sortDirection == .descending ? "DESC" : "ASC"
    let column =
      switch sortField {
      case .status: "tokens.status"
      case .id: "tokens.id"
      case .creationDate: "tokens.created"
      case .lastUpdated: "tokens.updated"
      case .expirationDate: "tokens.expires IS NULL \(direction), tokens.expires"
      case .name, .other: "tokens.name COLLATE NOCASE"
      }
    return "\(column) \(direction), tokens.id \(direction)"
  }
}
