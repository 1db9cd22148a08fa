import Foundation
import UserApiTokens

/// What the commands print, unbuffered.
enum Terminal {
  static func out(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  static func fail(_ message: String, hint: String?) {
    note("gatehouse: \(visible(message))")
    if let hint { note("  \(hint)") }
  }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    out(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Control characters could steer a terminal; names come from others.
  static func visible(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          default: scalar
          }
        }))
  }

  static func table(_ head: [String], _ rows: [[String]]) {
    let lines = ([head] + rows).map { $0.map(visible) }
    let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    for line in lines {
      let cells = zip(line, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      out(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
    }
  }
}

extension ApiToken {
  static let tableHead = ["ID", "NAME", "STATUS", "EXPIRES", "SCOPE"]

  var tableRow: [String] {
    let scopes = scope ?? []
    let more = scopes.count > 3 ? " and \(scopes.count - 3) more" : ""
    return [
      id, String((name ?? "").prefix(60)), status?.rawValue ?? "", expirationDate.map(WireDate.text) ?? "never",
      scopes.prefix(3).joined(separator: " ") + more,
    ]
  }

  /// Everything but the secret, a line each.
  func printDetails() {
    let lines: [(String, String?)] = [
      ("id", id), ("name", name), ("description", description), ("status", status?.rawValue),
      ("expires", expirationDate.map(WireDate.text) ?? "never"), ("scope", scope?.joined(separator: " ")),
      ("default role", defaultRole?.rawValue),
      ("roles", orgRoles?.map { "\($0.orgId)=\($0.role)" }.joined(separator: " ")),
      ("owner", ownerId), ("created", creationDate.map(WireDate.text)),
      ("created by", [creatorType?.rawValue, creatorName].compactMap { $0 }.joined(separator: " ")),
      ("last updated", lastUpdated.map(WireDate.text)),
    ]
    for case (let name, let value?) in lines where !value.isEmpty {
      Terminal.out("\(name): \(Terminal.visible(value))")
    }
  }
}
