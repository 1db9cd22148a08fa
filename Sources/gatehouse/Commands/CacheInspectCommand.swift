import ArgumentParser
import Foundation
import NIOHTTP1

/// `gatehouse cache inspect`
struct CacheInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what gateways keep of answers: how much, how old, and how often it was of use, by domain.",
    discussion: """
      Domains stand in the order of what they take. The columns such as <=1m tell how many entries are of that age and \
      of no class before; those that are too old or were made worthless by a write are among them until somebody asks for \
      them or their room is needed.

      The last columns count requests of clients from the gateway's start, each in one of them. HITS: answered with a kept \
      answer that was fresh, the origin not being asked for them; also those that waited for another request's. STALE: \
      answered with one that was not fresh any more, since the client takes that, a fresh one is being fetched, or the \
      origin failed. VALID: answered with a kept one that the origin has called unchanged for them. MISSES: all others, \
      whether they got the origin's answer, an error, or with only-if-cached that there is nothing. HIT RATE is the part of \
      HITS and STALE in all four. Requests that went by the cache and those of the gateway's own are in none.

      Exit status: 0 when all gateways answered, 1 when one did not, 64 when the command line is wrong.
      """)

  @Option(help: "Only the domain of this name or host.") var domain: String?
  @OptionGroup var connection: AdminConnection

  func run() async throws {
    let query = domain.map { "?domain=" + Self.escaped($0) } ?? ""
    try await connection.run(.GET, "/cache" + query) { (address, reply: Reply) in
      if connection.json { return try Terminal.json(Answer(admin: address, answer: reply)) }
      let use = Figures.share(reply.used, of: reply.budget)
      Terminal.out(
        "\(address): \(reply.entries) entries, \(Figures.bytes(reply.used)) of \(Figures.bytes(reply.budget)) (\(use))")
      let ages = reply.ages.map { "<=\(Figures.seconds($0))" } + ["OLDER"]
      Terminal.table(
        ["DOMAIN", "ENTRIES", "SIZE"] + ages + ["HITS", "STALE", "VALID", "MISSES", "HIT RATE"],
        reply.domains.map { $0.row(ages.count) })
      if reply.domains.isEmpty {
        let whose = domain.map { "of \($0)" } ?? "of any domain"
        Terminal.note("\(address): nothing \(whose) is kept, and nobody has asked for it")
      }
    }
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }

  struct Reply: Codable {
    let budget: Int
    let used: Int
    let entries: Int
    let ages: [Int]
    let domains: [Domain]
  }

  struct Domain: Codable {
    let domain: String
    let entries: Int
    let bytes: Int
    let ages: [Int]
    let hits: Int
    let stale: Int
    let validations: Int
    let misses: Int

    /// - Parameter classes: how many classes of age there are.
    func row(_ classes: Int) -> [String] {
      let counts = ages.isEmpty ? [String](repeating: "0", count: classes) : ages.map(String.init)
      return [domain, "\(entries)", Figures.bytes(bytes)] + counts
        + [hits, stale, validations, misses].map(String.init)
        + [Figures.share(hits + stale, of: hits + stale + validations + misses)]
    }
  }

  struct Answer: Encodable {
    let admin: String
    let answer: Reply
  }
}
