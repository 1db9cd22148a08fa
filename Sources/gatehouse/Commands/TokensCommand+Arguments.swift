import ArgumentParser
import Foundation
import UserApiTokens

/// A word of the API on the command line: only the words that are known.
protocol WireArgument: ExpressibleByArgument, WireValue {}

extension WireArgument {
  init?(argument: String) {
    guard let word = Self.known.first(where: { $0.rawValue == argument }) else { return nil }
    self = word
  }

  static var allValueStrings: [String] { known.map(\.rawValue) }
}

extension SortField: WireArgument {}
extension FilterField: WireArgument {}
extension TokenStatus: WireArgument {}
extension TokenRole: WireArgument {}

/// A date on the command line.
struct DateArgument: ExpressibleByArgument {
  let date: Date

  init?(argument: String) {
    guard let date = WireDate.date(argument) ?? WireDate.date(argument + "T00:00:00Z") else { return nil }
    self.date = date
  }
}

/// A role in an organisation on the command line, as in `575ec8687ae143cd83dc4a97=view`.
struct OrganizationRoleArgument: ExpressibleByArgument {
  let value: OrganizationRole

  init?(argument: String) {
    let halves = argument.split(separator: "=", maxSplits: 1)
    guard halves.count == 2, let role = TokenRole(argument: String(halves[1])) else { return nil }
    value = OrganizationRole(orgId: String(halves[0]), role: role)
  }
}
