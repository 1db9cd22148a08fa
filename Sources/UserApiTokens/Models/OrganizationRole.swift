/// The role of a token in one organisation, and for single applications and dashboards of it.
public struct OrganizationRole: Hashable, Sendable, Codable {
  /// The organisation: 24 hex digits, or `sandbox` for the user's own sandbox.
  public var orgId: String

  /// What the token may do at most in the organisation.
  public var role: TokenRole

  /// Exceptions for applications, at most 100.
  public var applicationRoles: [ResourceRoleEntry]?

  /// Exceptions for dashboards, at most 100.
  public var dashboardRoles: [ResourceRoleEntry]?

  /// A role in one organisation.
  public init(
    orgId: String, role: TokenRole, applicationRoles: [ResourceRoleEntry]? = nil,
    dashboardRoles: [ResourceRoleEntry]? = nil
  ) {
    self.orgId = orgId
    self.role = role
    self.applicationRoles = applicationRoles
    self.dashboardRoles = dashboardRoles
  }
}

/// The role of a token for one application or dashboard.
public struct ResourceRoleEntry: Hashable, Sendable, Codable {
  /// The application or dashboard: 24 hex digits.
  public var resourceId: String

  /// What the token may do at most with it.
  public var role: ResourceRole

  /// A role for one resource.
  public init(resourceId: String, role: ResourceRole) {
    self.resourceId = resourceId
    self.role = role
  }
}
