public import Foundation

/// What a new token shall be (`apiTokenPost`). The API refuses members it does not know.
public struct ApiTokenPost: Hashable, Sendable, Encodable {
  /// The name, 1 to 255 characters. The only member that must be there.
  public var name: String
  /// A description of up to 32767 characters.
  public var description: String?
  /// When the token stops working; `nil` for never. It cannot be changed later.
  public var expirationDate: Date?
  /// The scopes, each at most once. They cannot be changed later. What a token without them may do is the API's choice.
  public var scope: [String]?
  /// Whether requests with the token are served; active unless said otherwise.
  public var status: TokenStatus?
  /// The role where ``orgRoles`` says nothing.
  public var defaultRole: TokenRole?
  /// Roles per organisation, at most 25.
  public var orgRoles: [OrganizationRole]?

  /// Describes a new token.
  public init(
    name: String, description: String? = nil, expirationDate: Date? = nil, scope: [String]? = nil,
    status: TokenStatus? = nil, defaultRole: TokenRole? = nil, orgRoles: [OrganizationRole]? = nil
  ) {
    self.name = name
    self.description = description
    self.expirationDate = expirationDate
    self.scope = scope
    self.status = status
    self.defaultRole = defaultRole
    self.orgRoles = orgRoles
  }

  private enum Member: String, CodingKey {
    case name, description, expirationDate, scope, status, defaultRole, orgRoles
  }

  /// Writes the members that are there.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Member.self)
    try members.encode(name, forKey: .name)
    try members.encodeIfPresent(description, forKey: .description)
    try members.encodeIfPresent(expirationDate.map(WireDate.text), forKey: .expirationDate)
    try members.encodeIfPresent(scope, forKey: .scope)
    try members.encodeIfPresent(status, forKey: .status)
    try members.encodeIfPresent(defaultRole, forKey: .defaultRole)
    try members.encodeIfPresent(orgRoles, forKey: .orgRoles)
  }
}

/// What shall change about a token (`apiTokenPatch`); what is `nil` stays as it is. Scopes and expiration cannot change.
public struct ApiTokenPatch: Hashable, Sendable, Encodable {
  /// The new name, 1 to 255 characters.
  public var name: String?
  /// The new description, up to 32767 characters.
  public var description: String?
  /// The new status.
  public var status: TokenStatus?
  /// The new role where ``orgRoles`` says nothing.
  public var defaultRole: TokenRole?
  /// The new roles per organisation, at most 25. They replace all earlier ones.
  public var orgRoles: [OrganizationRole]?

  /// Describes a change.
  public init(
    name: String? = nil, description: String? = nil, status: TokenStatus? = nil, defaultRole: TokenRole? = nil,
    orgRoles: [OrganizationRole]? = nil
  ) {
    self.name = name
    self.description = description
    self.status = status
    self.defaultRole = defaultRole
    self.orgRoles = orgRoles
  }
}
