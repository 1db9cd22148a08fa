/// temporary until the branch with the reader lands
public struct Operation: Sendable, Hashable {
  public let id: String
  public let method: String
  public let pathTemplate: String
  public let scopes: [String]
  public let requiresToken: Bool
  public let deniesOAuth: Bool
}
public struct OperationCatalog: Sendable {
  public let operations: [Operation]
}
