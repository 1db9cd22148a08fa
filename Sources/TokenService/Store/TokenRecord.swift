import Foundation
import GRDB
import UserApiTokens

/// A token as it is stored: everything but the token itself. Times are milliseconds since 1970.
struct TokenRecord: Sendable {
  var id: String
  var user: String
  var domain: String
  var name: String
  var description: String?
  var status: String
  var scope: [String]
  var expires: Int64?
  var defaultRole: String?
  var orgRoles: [OrganizationRole]?
  var creator: String
  var creatorType: String
  var creatorName: String
  var created: Int64
  var updated: Int64

  static let select =
    "SELECT tokens.*, users.domain AS domain FROM tokens JOIN users ON users.id = tokens.user"

  init(row: Row) throws {
    id = row["id"]
    user = row["user"]
    domain = row["domain"]
    name = row["name"]
    description = row["description"]
    status = row["status"]
    scope = try JSONDecoder().decode([String].self, from: Data((row["scope"] as String).utf8))
    expires = row["expires"]
    defaultRole = row["default_role"]
    let roles: String? = row["org_roles"]
    orgRoles = try roles.map { try JSONDecoder().decode([OrganizationRole].self, from: Data($0.utf8)) }
    creator = row["creator"]
    creatorType = row["creator_type"]
    creatorName = row["creator_name"]
    created = row["created"]
    updated = row["updated"]
  }

  init(_ draft: TokenDraft, id: String, owner: Owner, creator: Creator, now: Int64) {
    self.id = id
    user = owner.id
    domain = owner.domain
    name = draft.name
    description = draft.description
    status = draft.status.rawValue
    scope = draft.scope
    expires = draft.expires
    defaultRole = draft.defaultRole?.rawValue
    orgRoles = draft.orgRoles
    self.creator = creator.id
    creatorType = creator.type.rawValue
    creatorName = creator.name
    created = now
    updated = now
  }

  mutating func apply(_ change: ApiTokenPatch, now: Int64) {
    name = change.name ?? name
    description = change.description ?? description
    status = change.status?.rawValue ?? status
    defaultRole = change.defaultRole?.rawValue ?? defaultRole
    orgRoles = change.orgRoles ?? orgRoles
    updated = max(now, updated)
  }

  func insert(_ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO tokens (id, user, name, description, status, scope, expires, default_role, org_roles,
          creator, creator_type, creator_name, created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, user, name, description, status, try Self.json(scope), expires, defaultRole, try orgRoles.map(Self.json),
        creator, creatorType, creatorName, created, updated,
      ])
  }

  func update(_ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE tokens SET name = ?, description = ?, status = ?, default_role = ?, org_roles = ?, updated = ?
        WHERE id = ?
        """,
      arguments: [name, description, status, defaultRole, try orgRoles.map(Self.json), updated, id])
  }

  /// What the API shows of it.
  var model: ApiToken {
    var token = ApiToken(id: id)
    token.name = name
    token.description = description
    token.status = TokenStatus(rawValue: status)
    token.scope = scope
    token.expirationDate = expires.map { Date(timeIntervalSince1970: Double($0) / 1000) }
    token.defaultRole = defaultRole.map(TokenRole.init(rawValue:))
    token.orgRoles = orgRoles
    token.ownerId = user
    token.ownerType = .user
    token.creatorId = creator
    token.creatorType = CreatorType(rawValue: creatorType)
    token.creatorName = creatorName
    token.creationDate = Date(timeIntervalSince1970: Double(created) / 1000)
    token.lastUpdated = Date(timeIntervalSince1970: Double(updated) / 1000)
    token.additional = ["_type": .string("apiToken")]
    return token
  }

  private static func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
}

/// A new token, checked and with its defaults.
struct TokenDraft: Sendable {
  var name: String
  var description: String?
  var status: TokenStatus = .active
  var scope: [String]
  var expires: Int64?
  var defaultRole: TokenRole?
  var orgRoles: [OrganizationRole]?
}

/// Whose a token is.
struct Owner: Sendable {
  var id: String
  var domain: String
}

/// Who makes a token.
struct Creator: Sendable {
  var id: String
  var type: CreatorType
  var name: String
}
