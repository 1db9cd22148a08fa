import ArgumentParser
import Foundation
import NIOHTTP1

/// `gatehouse cache purge`
struct CachePurgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Drop answers that gateways keep, at once.",
    discussion: """
      Name what to drop by exactly one of --key, --prefix, --tag and --all; --domain limits it to one domain, and drops \
      everything of that domain when it stands alone. Answers on their way meanwhile are not kept either: who asks after \
      the command has ended gets what the origin says then.

        gatehouse cache purge --key 'https://example.com/me/tokens?page=0'
        gatehouse cache purge --key /me/tokens --domain example.com     # whatever the host; the answer without a query
        gatehouse cache purge --prefix /applications                    # /applications and all below it
        gatehouse cache purge --tag user-tokens --domain example.com
        gatehouse cache purge --domain example.com
        gatehouse cache purge --all

      All callers' answers are dropped, whoever they were made for. Gateways that share purges (`stores.cache.spread`) \
      tell each other; elsewhere name each of them with --admin. The command waits until Redis has taken what they are \
      to be told, at most for `stores.redis.timeout`, and says so when it has not. That is told later, for as long as the \
      gateway runs: one that ends before logs how many changes were not told.

      Exit status: 0 when all gateways did it, 1 when one could not be told, 64 when the command line is wrong.
      """)

  @Option(help: ArgumentHelp("The address whose answers to drop, with its query, for all callers.", valueName: "url"))
  var key: String?
  @Option(help: ArgumentHelp("A path: drop its answers and those of all paths below it.", valueName: "path"))
  var prefix: String?
  @Option(help: "Drop answers that have this tag.") var tag: String?
  @Option(help: "Only in the domain of this name or host.") var domain: String?
  @Flag(help: "Drop everything.") var all = false
  @OptionGroup var connection: AdminConnection

  func validate() throws {
    let named = [key != nil, prefix != nil, tag != nil, all].filter { $0 }.count
    if named > 1 { throw ValidationError("name one thing to drop: --key, --prefix, --tag or --all") }
    if named == 0, domain == nil {
      throw ValidationError("name what to drop: --key URL, --prefix /path, --tag TAG, --domain DOMAIN or --all")
    }
    if all, domain != nil {
      throw ValidationError("--all is all domains; leave it out to drop everything of --domain \(domain ?? "")")
    }
    if let prefix, !prefix.hasPrefix("/") {
      throw ValidationError("--prefix is a path such as /me/tokens, without scheme and host; --domain names the domain")
    }
  }

  func run() async throws {
    var members: [String: String] = [:]
    members["key"] = key
    members["prefix"] = prefix
    members["tag"] = tag
    members["domain"] = domain
    if all { members["all"] = "true" }
    let body = String(decoding: try JSONEncoder().encode(members), as: UTF8.self)
    try await connection.run(.POST, "/cache/purges", body) { (address, reply: Reply) in
      if reply.spread == "waiting" {
        Terminal.note(
          "\(address): Redis has not taken what other gateways are to be told (its log says why); they are told when it "
            + "does, unless this gateway ends before; or tell them by --admin"
        )
      }
      if connection.json { return try Terminal.json(Answer(admin: address, answer: reply)) }
      let noun = reply.entries == 1 ? "answer" : "answers"
      let others = reply.spread == "told" ? "; other gateways are told" : ""
      Terminal.out("\(address): dropped \(reply.entries) \(noun), \(Figures.bytes(reply.bytes))\(others)")
    }
  }

  struct Reply: Codable {
    let entries: Int
    let bytes: Int
    /// Whether other gateways are told: `off` when none is told anything, `told`, or `waiting` for the server's word.
    let spread: String
  }

  struct Answer: Encodable {
    let admin: String
    let answer: Reply
  }
}

/// Numbers as people read them.
enum Figures {
  static func bytes(_ count: Int) -> String {
    var (value, unit) = (Double(count), 0)
    let units = ["B", "KB", "MB", "GB", "TB"]
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
  }

  /// A number of seconds in the largest unit in which it is whole.
  static func seconds(_ count: Int) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60)] where count >= length && count % length == 0 {
      return "\(count / length)\(unit)"
    }
    return "\(count)s"
  }

  static func share(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "-" : String(format: "%.1f%%", Double(part) * 100 / Double(whole))
  }
}
