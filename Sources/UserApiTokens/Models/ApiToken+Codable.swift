import Foundation

extension ApiToken: Codable {
  enum Member: String, CaseIterable {
    case id, name, description, status, scope, expirationDate, defaultRole, orgRoles, ownerId, ownerType, creatorId
    case creatorType, creatorName, creationDate, lastUpdated, token
    case apiTokenId
    case links = "_links"
    case actions = "_actions"
    case embedded = "_embedded"

    var key: AnyName { AnyName(stringValue: rawValue) }
  }

  /// Reads what the API sends. Fails only when there is no id or a known member has another type.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: AnyName.self)
    let alias = try members.decodeIfPresent(String.self, forKey: Member.apiTokenId.key)
    self.init(id: try members.decodeIfPresent(String.self, forKey: Member.id.key) ?? alias ?? "")
    guard !id.isEmpty else { throw ModelFailure.missing("id", at: decoder.codingPath) }
    try readDescription(members)
    try readOrigin(members)
    links = try members.decodeIfPresent([String: Link].self, forKey: Member.links.key)
    actions = try members.decodeIfPresent(JSONValue.self, forKey: Member.actions.key)
    embedded = try members.decodeIfPresent(JSONValue.self, forKey: Member.embedded.key)
    for key in members.allKeys where Member(rawValue: key.stringValue) == nil {
      additional[key.stringValue] = try members.decode(JSONValue.self, forKey: key)
    }
  }

  private mutating func readDescription(_ members: KeyedDecodingContainer<AnyName>) throws {
    name = try members.decodeIfPresent(String.self, forKey: Member.name.key)
    description = try members.decodeIfPresent(String.self, forKey: Member.description.key)
    status = try members.decodeIfPresent(TokenStatus.self, forKey: Member.status.key)
    scope = try members.decodeIfPresent([String].self, forKey: Member.scope.key)
    expirationDate = try members.date(Member.expirationDate.key)
    defaultRole = try members.decodeIfPresent(TokenRole.self, forKey: Member.defaultRole.key)
    orgRoles = try members.decodeIfPresent([OrganizationRole].self, forKey: Member.orgRoles.key)
    token = try members.decodeIfPresent(SecretToken.self, forKey: Member.token.key)
  }

  private mutating func readOrigin(_ members: KeyedDecodingContainer<AnyName>) throws {
    ownerId = try members.decodeIfPresent(String.self, forKey: Member.ownerId.key)
    ownerType = try members.decodeIfPresent(OwnerType.self, forKey: Member.ownerType.key)
    creatorId = try members.decodeIfPresent(String.self, forKey: Member.creatorId.key)
    creatorType = try members.decodeIfPresent(CreatorType.self, forKey: Member.creatorType.key)
    creatorName = try members.decodeIfPresent(String.self, forKey: Member.creatorName.key)
    creationDate = try members.date(Member.creationDate.key)
    lastUpdated = try members.date(Member.lastUpdated.key)
  }

  /// Writes the members as the API does, the unknown ones and the secret included.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: AnyName.self)
    for (name, value) in additional where Member(rawValue: name) == nil {
      try members.encode(value, forKey: AnyName(stringValue: name))
    }
    try members.encode(id, forKey: Member.id.key)
    try members.encode(id, forKey: Member.apiTokenId.key)
    try members.encodeIfPresent(name, forKey: Member.name.key)
    try members.encodeIfPresent(description, forKey: Member.description.key)
    try members.encodeIfPresent(status, forKey: Member.status.key)
    try members.encodeIfPresent(scope, forKey: Member.scope.key)
    try members.encodeIfPresent(expirationDate.map(WireDate.text), forKey: Member.expirationDate.key)
    try members.encodeIfPresent(defaultRole, forKey: Member.defaultRole.key)
    try members.encodeIfPresent(orgRoles, forKey: Member.orgRoles.key)
    try members.encodeIfPresent(ownerId, forKey: Member.ownerId.key)
    try members.encodeIfPresent(ownerType, forKey: Member.ownerType.key)
    try members.encodeIfPresent(creatorId, forKey: Member.creatorId.key)
    try members.encodeIfPresent(creatorType, forKey: Member.creatorType.key)
    try members.encodeIfPresent(creatorName, forKey: Member.creatorName.key)
    try members.encodeIfPresent(creationDate.map(WireDate.text), forKey: Member.creationDate.key)
    try members.encodeIfPresent(lastUpdated.map(WireDate.text), forKey: Member.lastUpdated.key)
    try members.encodeIfPresent(token, forKey: Member.token.key)
    try members.encodeIfPresent(links, forKey: Member.links.key)
    try members.encodeIfPresent(actions, forKey: Member.actions.key)
    try members.encodeIfPresent(embedded, forKey: Member.embedded.key)
  }
}

extension KeyedDecodingContainer where Key == AnyName {
  func date(_ key: AnyName) throws -> Date? {
    guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
    if let date = WireDate.date(text) { return date }
    throw DecodingError.dataCorruptedError(
      forKey: key, in: self, debugDescription: "not a date such as 2030-01-01T00:00:00.000Z")
  }
}

enum ModelFailure {
  static func missing(_ name: String, at path: [any CodingKey]) -> DecodingError {
    .keyNotFound(AnyName(stringValue: name), .init(codingPath: path, debugDescription: "\(name) is missing"))
  }
}
