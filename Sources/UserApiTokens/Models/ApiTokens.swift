/// One page of a user's API tokens (`apiTokens`).
public struct ApiTokens: Hashable, Sendable {
  /// The tokens of this page, without their secrets.
  public var items: [ApiToken]
  /// How many tokens this page has.
  public var count: Int?
  /// How many tokens there are on all pages together.
  public var totalCount: Int?
  /// Which page this is, from 0.
  public var page: Int?
  /// How many tokens a page has at most.
  public var perPage: Int?
  /// What the list is sorted by.
  public var sortField: SortField?
  /// The direction it is sorted in.
  public var sortDirection: SortDirection?
  /// The filter that was applied.
  public var filter: String?
  /// The field it was applied to.
  public var filterField: FilterField?
  /// Whose tokens these are.
  public var ownerId: String?
  /// What kind of thing the owner is.
  public var ownerType: OwnerType?
  /// Where to go from here, by name.
  public var links: [String: Link]?
  /// What may be done here.
  public var actions: JSONValue?
  /// Things the API put inside.
  public var embedded: JSONValue?
  /// Members this version does not know.
  public var additional: [String: JSONValue]

  /// A page with these tokens.
  public init(items: [ApiToken]) {
    self.items = items
    additional = [:]
  }
}

extension ApiTokens: Codable {
  enum Member: String {
    case items, count, totalCount, page, perPage, sortField, sortDirection, filter, filterField, ownerId, ownerType
    case links = "_links"
    case actions = "_actions"
    case embedded = "_embedded"

    var key: AnyName { AnyName(stringValue: rawValue) }
  }

  /// Reads what the API sends. Fails only when there is no list of items or a known member has another type.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: AnyName.self)
    self.init(items: try members.decode([ApiToken].self, forKey: Member.items.key))
    count = try members.decodeIfPresent(Int.self, forKey: Member.count.key)
    totalCount = try members.decodeIfPresent(Int.self, forKey: Member.totalCount.key)
    page = try members.decodeIfPresent(Int.self, forKey: Member.page.key)
    perPage = try members.decodeIfPresent(Int.self, forKey: Member.perPage.key)
    sortField = try members.decodeIfPresent(SortField.self, forKey: Member.sortField.key)
    sortDirection = try members.decodeIfPresent(SortDirection.self, forKey: Member.sortDirection.key)
    filter = try members.decodeIfPresent(String.self, forKey: Member.filter.key)
    filterField = try members.decodeIfPresent(FilterField.self, forKey: Member.filterField.key)
    ownerId = try members.decodeIfPresent(String.self, forKey: Member.ownerId.key)
    ownerType = try members.decodeIfPresent(OwnerType.self, forKey: Member.ownerType.key)
    links = try members.decodeIfPresent([String: Link].self, forKey: Member.links.key)
    actions = try members.decodeIfPresent(JSONValue.self, forKey: Member.actions.key)
    embedded = try members.decodeIfPresent(JSONValue.self, forKey: Member.embedded.key)
    for key in members.allKeys where Member(rawValue: key.stringValue) == nil {
      additional[key.stringValue] = try members.decode(JSONValue.self, forKey: key)
    }
  }

  /// Writes the members as the API does, the unknown ones included.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: AnyName.self)
    for (name, value) in additional where Member(rawValue: name) == nil {
      try members.encode(value, forKey: AnyName(stringValue: name))
    }
    try members.encode(items, forKey: Member.items.key)
    try members.encodeIfPresent(count, forKey: Member.count.key)
    try members.encodeIfPresent(totalCount, forKey: Member.totalCount.key)
    try members.encodeIfPresent(page, forKey: Member.page.key)
    try members.encodeIfPresent(perPage, forKey: Member.perPage.key)
    try members.encodeIfPresent(sortField, forKey: Member.sortField.key)
    try members.encodeIfPresent(sortDirection, forKey: Member.sortDirection.key)
    try members.encodeIfPresent(filter, forKey: Member.filter.key)
    try members.encodeIfPresent(filterField, forKey: Member.filterField.key)
    try members.encodeIfPresent(ownerId, forKey: Member.ownerId.key)
    try members.encodeIfPresent(ownerType, forKey: Member.ownerType.key)
    try members.encodeIfPresent(links, forKey: Member.links.key)
    try members.encodeIfPresent(actions, forKey: Member.actions.key)
    try members.encodeIfPresent(embedded, forKey: Member.embedded.key)
  }
}
