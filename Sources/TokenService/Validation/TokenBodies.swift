import Foundation
import UserApiTokens

/// Reads the bodies of creation and change, by the published schemas `apiTokenPost` and `apiTokenPatch`.
enum TokenBodies {
  /// What a token without `scope` may do. The API does not say; this is what it gives to a login.
  static let defaultScope = ["all.User"]

  private static let changeable = ["name", "description", "status", "defaultRole", "orgRoles"]

  static func post(_ body: JSONValue?) throws(ServiceFailure) -> TokenDraft {
    guard let body else { throw .validation("apiToken", "is required") }
    let members = try SchemaChecks.object(
      body, at: "apiToken", required: ["name"], allowed: changeable + ["expirationDate", "scope"])
    let common = try change(members)
    return TokenDraft(
      name: common.name ?? "", description: common.description, status: common.status ?? .active,
      scope: try scope(members["scope"]) ?? defaultScope, expires: try expiration(members["expirationDate"]),
      defaultRole: common.defaultRole, orgRoles: common.orgRoles)
  }

  static func patch(_ body: JSONValue?) throws(ServiceFailure) -> ApiTokenPatch {
    guard let body else { throw .validation("apiToken", "is required") }
    return try change(try SchemaChecks.object(body, at: "apiToken", required: [], allowed: changeable))
  }

  private static func change(_ members: [String: JSONValue]) throws(ServiceFailure) -> ApiTokenPatch {
    ApiTokenPatch(
      name: try SchemaChecks.string(members["name"], at: "name", length: 1...255),
      description: try SchemaChecks.string(members["description"], at: "description", length: 0...32_767),
      status: try SchemaChecks.word(members["status"], at: "status"),
      defaultRole: try SchemaChecks.word(members["defaultRole"], at: "defaultRole"),
      orgRoles: try orgRoles(members["orgRoles"]))
  }

  private static func scope(_ value: JSONValue?) throws(ServiceFailure) -> [String]? {
    // More items than there are names cannot be unique, so the longest list worth reading is known.
    guard let items = try SchemaChecks.array(value, at: "scope", maximum: KnownScopes.names.count) else { return nil }
    var names: [String] = []
    for (index, item) in items.enumerated() {
      guard let name = item.stringValue else { throw .validation("scope.\(index)", "is the wrong type") }
      guard KnownScopes.contains(name) else {
        throw .validation("scope.\(index)", "must be one of: the scopes of a user API token")
      }
      names.append(name)
    }
    guard Set(names).count == names.count else { throw .validation("scope", "must be unique") }
    return names
  }

  private static func expiration(_ value: JSONValue?) throws(ServiceFailure) -> Int64? {
    guard let value else { return nil }
    guard let text = value.stringValue else { throw .validation("expirationDate", "is the wrong type") }
    guard let date = WireDate.date(text) else { throw .validation("expirationDate", "must be date-time format") }
    return WireDate.milliseconds(date)
  }

  private static func orgRoles(_ value: JSONValue?) throws(ServiceFailure) -> [OrganizationRole]? {
    guard let items = try SchemaChecks.array(value, at: "orgRoles", maximum: 25) else { return nil }
    var roles: [OrganizationRole] = []
    for (index, item) in items.enumerated() { roles.append(try orgRole(item, at: "orgRoles.\(index)")) }
    return roles
  }

  private static func orgRole(_ value: JSONValue, at path: String) throws(ServiceFailure) -> OrganizationRole {
    let members = try SchemaChecks.object(
      value, at: path, required: ["orgId", "role"],
      allowed: ["orgId", "role", "applicationRoles", "dashboardRoles"])
    let organization =
      members["orgId"] == .string("sandbox")
      ? "sandbox" : try SchemaChecks.id(members["orgId"], at: "\(path).orgId")
    guard let role = try SchemaChecks.word(members["role"], at: "\(path).role", TokenRole.self) else {
      throw .validation("\(path).role", "is required")
    }
    return OrganizationRole(
      orgId: organization, role: role,
      applicationRoles: try resourceRoles(members["applicationRoles"], at: "\(path).applicationRoles"),
      dashboardRoles: try resourceRoles(members["dashboardRoles"], at: "\(path).dashboardRoles"))
  }

  private static func resourceRoles(
    _ value: JSONValue?, at path: String
  ) throws(ServiceFailure) -> [ResourceRoleEntry]? {
    guard let items = try SchemaChecks.array(value, at: path, maximum: 100) else { return nil }
    var entries: [ResourceRoleEntry] = []
    for (index, item) in items.enumerated() {
      let place = "\(path).\(index)"
      let names = ["resourceId", "role"]
      let members = try SchemaChecks.object(item, at: place, required: names, allowed: names)
      let id = try SchemaChecks.id(members["resourceId"], at: "\(place).resourceId")
      guard let role = try SchemaChecks.word(members["role"], at: "\(place).role", ResourceRole.self) else {
        throw .validation("\(place).role", "is required")
      }
      entries.append(ResourceRoleEntry(resourceId: id, role: role))
    }
    return entries
  }
}
