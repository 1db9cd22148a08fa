import Foundation
import TokenService
import UserApiTokens

/// The users and tokens that the demo works with: two domains, different scopes.
struct DemoTokens {
  /// `example.com`, may do everything.
  let admin: String
  /// `example.com`, may read.
  let reader: String
  /// `example.com`, may do nothing with tokens.
  let devices: String
  /// `tenant.example`, may read.
  let tenant: String

  static let domains = ["example.com", "tenant.example"]

  init(_ service: TokenService) async throws {
    let alice = try service.seedUser(name: "Alice", domain: Self.domains[0])
    let bob = try service.seedUser(name: "Bob", domain: Self.domains[1])
    func issue(_ user: TokenServiceUser, _ name: String, _ scopes: [String]) async throws -> String {
      let end = service.configuration.now().addingTimeInterval(86_400)
      return try await service.issueToken(for: user, name: name, scopes: scopes, expirationDate: end).secret.reveal()
    }
    admin = try await issue(alice, "admin", ["all.User"])
    reader = try await issue(alice, "reader", ["all.User.read"])
    devices = try await issue(alice, "devices", ["devices.get"])
    tenant = try await issue(bob, "tenant", ["all.User.read"])
  }

  /// The tokens by the names that the printed lines use.
  var variables: [(name: String, value: String)] {
    [("ADMIN", admin), ("READER", reader), ("DEVICES", devices), ("TENANT", tenant)]
  }

  func value(_ name: String) -> String? { variables.first { $0.name == name }?.value }
}
