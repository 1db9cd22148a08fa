import ArgumentParser
import NIOHTTP1

/// `gatehouse cache inspect`
struct CacheInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what gateways keep of answers: how much, how old, and how often it was of use, by domain.",
    discussion: """
      STALE counts those entries that are too old or were made worthless by a write, and stay until somebody asks for \
      them or their room is needed. HITS and MISSES count from the gateway's start; requests that went by the cache are \
      in neither.

      Exit status: 0 when all gateways answered, 1 when one did not, 64 when the command line is wrong.
      """)

  @Option(help: "Only the domain of this name.") var domain: String?
  @OptionGroup var connection: AdminConnection

  func run() async throws {
    try await connection.run(.GET, "/cache") { (address, reply: Reply) in
      var reply = reply
      if let domain { reply.domains.removeAll { $0.domain != domain.lowercased() } }
      if connection.json { return try Terminal.json(Answer(admin: address, answer: reply)) }
      let use = Figures.share(reply.used, of: reply.budget)
      Terminal.out(
        "\(address): \(reply.entries) entries, \(Figures.bytes(reply.used)) of \(Figures.bytes(reply.budget)) (\(use))")
      Terminal.table(Self.head, reply.domains.map(\.row))
    }
  }

  private static let head = [
    "DOMAIN", "ENTRIES", "STALE", "SIZE", "LARGEST", "OLDEST", "MEAN AGE", "HITS", "MISSES", "HIT RATE",
  ]

  struct Reply: Codable {
    let budget: Int
    let used: Int
    let entries: Int
    var domains: [Domain]
  }

  struct Domain: Codable {
    let domain: String
    let entries: Int
    let stale: Int
    let bytes: Int
    let largest: Int
    let oldestSeconds: Int
    let meanAgeSeconds: Int
    let hits: Int
    let misses: Int

    var row: [String] {
      [
        domain, "\(entries)", "\(stale)", Figures.bytes(bytes), Figures.bytes(largest), Figures.seconds(oldestSeconds),
        Figures.seconds(meanAgeSeconds), "\(hits)", "\(misses)", Figures.share(hits, of: hits + misses),
      ]
    }
  }

  struct Answer: Encodable {
    let admin: String
    let answer: Reply
  }
}
