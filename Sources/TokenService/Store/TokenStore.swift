import Foundation
import GRDB
import UserApiTokens

/// Users, tokens and signing keys in SQLite.
struct TokenStore: Sendable {
  let writer: any DatabaseWriter
  let maximumTokensPerUser: Int

  /// A signer with the stored keys, the newest of which signs; makes one if there is none.
  func signer(now: Int64) async throws -> TokenSigner {
    let (current, older) = try await writer.write { database in
      let stored = try Data.fetchAll(database, sql: "SELECT private FROM signing_keys ORDER BY created DESC, id")
      let keys = try stored.map(SigningKey.init(rawRepresentation:))
      if let newest = keys.first { return (newest, Array(keys.dropFirst())) }
      let key = try SigningKey()
      try database.execute(
        sql: "INSERT INTO signing_keys VALUES (?, ?, ?)",
        arguments: [key.id, key.rawRepresentation, now])
      return (key, [])
    }
    return await TokenSigner(current: current, older: older)
  }

  /// The user of that name, made if not there.
  static func user(named name: String, domain: String, now: Int64, in database: Database) throws -> TokenServiceUser {
    let sql = "SELECT id FROM users WHERE domain = ? AND name = ?"
    if let id = try String.fetchOne(database, sql: sql, arguments: [domain, name]) {
      return TokenServiceUser(id: id, domain: domain, name: name)
    }
    let user = TokenServiceUser(id: ObjectID.make(now: now), domain: domain, name: name)
    try database.execute(
      sql: "INSERT INTO users VALUES (?, ?, ?, ?)", arguments: [user.id, domain, name, now])
    return user
  }

  static func user(id: String, in database: Database) throws -> TokenServiceUser? {
    try Row.fetchOne(database, sql: "SELECT id, domain, name FROM users WHERE id = ?", arguments: [id]).map {
      TokenServiceUser(id: $0["id"], domain: $0["domain"], name: $0["name"])
    }
  }

  /// Stores a new token, if its user is there and may have another.
  func insert(_ record: TokenRecord, in database: Database) throws {
    guard try Self.user(id: record.user, in: database)?.domain == record.domain
    else { throw TokenServiceError.unknownUser(record.user) }
    let sql = "SELECT COUNT(*) FROM tokens WHERE user = ?"
    let count = try Int.fetchOne(database, sql: sql, arguments: [record.user]) ?? 0
    guard count < maximumTokensPerUser else { throw TokenServiceError.tooManyTokens(limit: maximumTokensPerUser) }
    try record.insert(database)
  }

  static func token(id: String, in database: Database) throws -> TokenRecord? {
    try Row.fetchOne(database, sql: "\(TokenRecord.select) WHERE tokens.id = ?", arguments: [id])
      .map(TokenRecord.init(row:))
  }

  /// A user's own token; another user's is not there.
  static func token(id: String, of user: String, in database: Database) throws -> TokenRecord? {
    let found = try token(id: id.lowercased(), in: database)
    return found?.user == user ? found : nil
  }

  static func delete(id: String, of user: String, in database: Database) throws -> Bool {
    try database.execute(
      sql: "DELETE FROM tokens WHERE id = ? AND user = ?", arguments: [id.lowercased(), user])
    return database.changesCount > 0
  }

  static func page(_ query: TokenListQuery, of user: String, in database: Database) throws
    -> (total: Int, items: [TokenRecord])
  {
    var condition = "tokens.user = ?"
    var arguments: StatementArguments = [user]
    if let filter = query.filter {
      condition += " AND globbed(tokens.\(query.filterColumn), ?)"
      arguments += [filter]
    }
    let total =
      try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM tokens WHERE \(condition)", arguments: arguments) ?? 0
    let (start, overflow) = query.page.multipliedReportingOverflow(by: query.perPage)
    if overflow || start >= total { return (total, []) }
    let rows = try Row.fetchAll(
      database, sql: "\(TokenRecord.select) WHERE \(condition) ORDER BY \(query.order) LIMIT ? OFFSET ?",
      arguments: arguments + [query.perPage, start])
    return (total, try rows.map(TokenRecord.init(row:)))
  }
}

/// Ids of 24 hex digits: four bytes of seconds, so that they sort by age, and eight random ones.
enum ObjectID {
  static func make(now: Int64) -> String {
    let seconds = UInt32(truncatingIfNeeded: now / 1000)
    return hex(UInt64(seconds), 8) + hex(UInt64.random(in: .min ... .max), 16)
  }

  private static func hex(_ value: UInt64, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
