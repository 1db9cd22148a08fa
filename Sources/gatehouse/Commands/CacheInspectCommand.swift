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
      them or their room is needed. HITS and MISSES count from the gateway's start: look-ups that found a fresh answer, and \
      requests that the cache had none to give to. Requests that went by the cache are in neither, nor are stale answers; \
      one that wants the origin's word (`Cache-Control: no-cache`) although there is a fresh answer is in both.

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
        ["DOMAIN", "ENTRIES", "SIZE"] + ages + ["HITS", "MISSES", "HIT RATE"],
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
    let misses: Int

    /// - Parameter classes: how many classes of age there are.
    func row(_ classes: Int) -> [String] {
      let counts = ages.isEmpty ? [String](repeating: "0", count: classes) : ages.map(String.init)
      return [domain, "\(entries)", Figures.bytes(bytes)] + counts
        + ["\(hits)", "\(misses)", Figures.share(hits, of: hits + misses)]
    }
  }

  struct Answer: Encodable {
    let admin: String
    let answer: Reply
  }
}
