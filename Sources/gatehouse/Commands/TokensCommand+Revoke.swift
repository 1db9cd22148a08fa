import ArgumentParser
import Foundation
import NIOHTTP1

/// The token that `revoke` and `restore` are about.
struct RevocationTarget: ParsableArguments {
  @Argument(help: "The token's id: its claim `jti`; what `gatehouse tokens list` shows.")
  var id: String?

  @Option(help: "Only the token of this id that this issuer (claim `iss`) made.")
  var issuer: String?

  @Option(help: "In place of an id: what the access log shows as `token`, 16 hex digits.")
  var hash: String?

  func validate() throws {
    guard (id == nil) != (hash == nil) else {
      throw ValidationError("name one token: an id, or --hash with what the access log shows as token")
    }
    if let hash, hash.utf8.count != 16 || !hash.allSatisfy(\.isHexDigit) {
      throw ValidationError("--hash is 16 hexadecimal digits: what the access log shows as token")
    }
    if hash != nil, issuer != nil {
      throw ValidationError("--issuer goes with an id; a hash names one token by itself")
    }
  }

  /// The body of a call.
  func body(_ more: [String: String] = [:]) throws -> String {
    var members = more
    members["id"] = id
    members["issuer"] = issuer
    members["hash"] = hash
    return String(decoding: try JSONEncoder().encode(members), as: UTF8.self)
  }
}

/// `gatehouse tokens revoke`
struct TokensRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Make gateways refuse a token, from the next request on.",
    discussion: """
      This talks to the admin side of gateways (--admin), not to the API: the API's own record of the token stays as it \
      is. Tell every gateway that the token may reach; --admin may be given many times.

        gatehouse tokens revoke 575ec8687ae143cd83dc4a97 --note 'leaked in a build log'
        gatehouse tokens revoke --hash 0f3a9c1e22b4d577 --admin http://10.0.0.1:9080 --admin http://10.0.0.2:9080

      Exit status: 0 when all gateways refuse the token, 1 when one could not be told, 64 when the command line is wrong.
      """)

  @OptionGroup var target: RevocationTarget
  @Option(help: "Why; kept with the revocation.") var note: String?
  @Option(help: "When the revocation ends, such as the token's own end: 2030-01-01 or 2030-01-01T00:00:00Z.")
  var until: DateArgument?
  @OptionGroup var connection: AdminConnection

  func run() async throws {
    var more: [String: String] = [:]
    more["note"] = note
    more["until"] = until.map { ISO8601DateFormatter().string(from: $0.date) }
    try await connection.run(.POST, AdminReply.path, try target.body(more)) { address, reply in
      try Self.tell("revoked", address, reply, json: connection.json)
    }
  }

  static func tell(_ what: String, _ address: String, _ reply: AdminReply, json: Bool) throws {
    if json { return try Terminal.json(Answer(admin: address, answer: reply)) }
    Terminal.out("\(address): \(what) \(Terminal.visible(reply.entry.name))")
    if let warning = reply.warning { Terminal.note("  \(Terminal.visible(warning))") }
  }

  struct Answer: Encodable {
    let admin: String
    let answer: AdminReply
  }
}

/// `gatehouse tokens restore`
struct TokensRestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Take a revocation back: gateways judge the token by itself again.",
    discussion: """
      This talks to the admin side of gateways (--admin), not to the API. Name the token as it was revoked; \
      `gatehouse tokens revoked` shows how. Exit status as with revoke.
      """)

  @OptionGroup var target: RevocationTarget
  @OptionGroup var connection: AdminConnection

  func run() async throws {
    try await connection.run(.DELETE, AdminReply.path, try target.body()) { address, reply in
      try TokensRevokeCommand.tell("restored", address, reply, json: connection.json)
    }
  }
}

/// `gatehouse tokens revoked`
struct TokensRevokedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoked",
    abstract: "Show which tokens gateways refuse because they were revoked there.",
    discussion: "This talks to the admin side of gateways (--admin), not to the API.")

  @OptionGroup var connection: AdminConnection

  func run() async throws {
    try await connection.run(.GET, AdminReply.path) { (address, reply: AdminReply) in
      if connection.json { return try Terminal.json(TokensRevokeCommand.Answer(admin: address, answer: reply)) }
      if connection.addresses.count > 1 { Terminal.out("\(address):") }
      let rows = (reply.revocations ?? []).map { entry in
        [
          entry.id ?? "", entry.issuer ?? "", entry.hash ?? "", entry.since ?? "", entry.until ?? "never",
          entry.note ?? "",
        ]
      }
      Terminal.table(["ID", "ISSUER", "HASH", "SINCE", "UNTIL", "NOTE"], rows)
      if reply.kept == false { Terminal.note("\(address): not kept beyond the end of the process (revocations.file)") }
    }
  }
}
