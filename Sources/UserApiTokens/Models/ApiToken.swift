public import Foundation

/// A user API token as the API describes it (`apiToken`).
///
/// Only the id is certain; whatever else the API leaves out is `nil`. Members this version does not know are kept
/// in ``additional``.
public struct ApiToken: Hashable, Sendable, Identifiable {
  /// The token's id: 24 hex digits.
  public var id: String
  /// The name, 1 to 255 characters.
  public var name: String?
  /// A description of up to 32767 characters.
  public var description: String?
  /// Whether requests with the token are served.
  public var status: TokenStatus?
  /// The scopes, such as `all.User.read` or `userApiTokens.get`. They cannot change after creation.
  public var scope: [String]?
  /// When the token stops working; `nil` if it never does. It cannot change after creation.
  public var expirationDate: Date?
  /// The role where ``orgRoles`` says nothing.
  public var defaultRole: TokenRole?
  /// Roles per organisation, at most 25.
  public var orgRoles: [OrganizationRole]?
  /// What the token belongs to.
  public var ownerId: String?
  /// What kind of thing the token belongs to: a user, for the tokens of these actions.
  public var ownerType: OwnerType?
  /// Who made the token.
  public var creatorId: String?
  /// What made the token.
  public var creatorType: CreatorType?
  /// The name of who made the token.
  public var creatorName: String?
  /// When the token was made.
  public var creationDate: Date?
  /// When the token was last changed.
  public var lastUpdated: Date?
  /// The token itself. The API hands it out once, in the answer to its creation, and never again.
  public var token: SecretToken?
  /// Where to go from here, by name; present with `links`, and cut to what the caller's scopes allow.
  public var links: [String: Link]?
  /// What may be done, present with `actions`, and cut to what the caller's scopes allow.
  public var actions: JSONValue?
  /// Things the API put inside, present with `embedded`.
  public var embedded: JSONValue?
  /// Members this version does not know.
  public var additional: [String: JSONValue]

  /// A description with nothing but an id.
  public init(id: String) {
    self.id = id
    additional = [:]
  }
}

/// Where a related thing is.
public struct Link: Hashable, Sendable, Codable {
  /// A path or an address.
  public var href: String

  /// A link to that path or address.
  public init(href: String) { self.href = href }
}
