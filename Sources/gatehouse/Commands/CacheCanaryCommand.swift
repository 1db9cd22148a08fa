import ArgumentParser
import AsyncHTTPClient
import Foundation
import GatewayEngine
import GatewayKit

/// `gatehouse cache canary`
struct CacheCanaryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canary",
    abstract: "Test a configuration: does anybody get an answer that was made for another?",
    discussion: """
      It runs a gateway with the configuration on a free port of this machine, in front of an origin of its own whose \
      answers say who asked, by the token and by the fields that the gateway adds. Callers that do not exist ask for \
      every route that has a cache: two with the same scopes, one with more, one whose token allows nothing, one without \
      a token, one of another domain; in several orders and all at once. It fails when one gets another's answer where \
      `share` does not say that they share.

      With `share: public` nobody's name may be in an answer at all: a request with a token would give its answer to \
      everybody. Name with --open the routes whose origin does not look at who asks.

      Nothing is sent anywhere: keys, upstreams, Redis and the admin side of the configuration are not used. Left out are \
      rate-limit, token-registry and access-log; tokens are signed with a key of this run and have the claims that \
      `authentication` asks for. A route that takes many paths is tried with some operations of the catalogue.

        gatehouse cache canary gatehouse.yaml
        gatehouse cache canary gatehouse.yaml --domain example.com --open '/catalog/*' --json

      Exit status: 0 when nothing leaks, 1 when something does, when nothing could be tested, or when the configuration \
      is wrong, 64 when the command line is wrong.
      """)

  @OptionGroup var file: ConfigurationOption
  @Option(help: "Only this domain; may be given many times. Default: the first 20.") var domain: [String] = []
  @Option(help: "A route, as its path stands in the configuration, that is public on purpose; may be given many times.")
  var open: [String] = []
  @Option(help: "How many operations stand for a route that takes many.") var operations = 10
  @Flag(help: "Print JSON: every request that was tried, with leaks.") var json = false

  private static let mostDomains = 20

  func validate() throws {
    guard (1...1000).contains(operations) else { throw ValidationError("--operations takes a number from 1 to 1000") }
  }

  func run() async throws {
    do {
      let original = try ConfigurationSupport.load(try file.path())
      let report = try await test(original)
      if domain.isEmpty, original.domains.count > Self.mostDomains {
        Terminal.note(
          "tested are \(Self.mostDomains) of \(original.domains.count) domains; name others with --domain")
      }
      try tell(report)
    } catch let error as ConfigurationError {
      ConfigurationSupport.report(error)
      throw ExitCode.failure
    }
  }

  private func test(_ original: GatewayConfiguration) async throws -> CanaryReport {
    let folder = try DemoFolder()
    defer { folder.remove() }
    let tokens = CanaryTokens()
    let secret = try folder.write("secret", tokens.secret)
    let origin = try await CanaryOrigin.start()
    let made = CanaryConfiguration.make(original, origin: origin.port, secretFile: secret)
    let domains = try chosen(of: made)
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    let result = await Result.of {
      try await GatewayRunner(made, loops: 2, quiet: true).withRunning { gateway in
        let run = CanaryRun(gateway: gateway, origin: origin, client: client, tokens: tokens, open: open)
        return try await testAll(run, made.domains, domains)
      }
    }
    try? await client.shutdown()
    await origin.stop()
    return try result.get()
  }

  private func testAll(
    _ run: CanaryRun, _ all: [DomainConfiguration], _ domains: [DomainConfiguration]
  ) async throws -> CanaryReport {
    let targets = CanaryTargets(generation: run.gateway.generation, operations: operations)
    var results: [CanaryResult] = []
    for domain in domains {
      let neighbour = all.first { $0.name != domain.name }
      for target in targets.find(in: domain) {
        results.append(try await run.test(target, neighbour.flatMap { targets.target(like: target, in: $0) }))
      }
    }
    return CanaryReport(results: results)
  }

  private func chosen(of configuration: GatewayConfiguration) throws -> [DomainConfiguration] {
    guard !domain.isEmpty else { return Array(configuration.domains.prefix(Self.mostDomains)) }
    return try domain.map { name in
      guard let found = configuration.domains.first(where: { $0.name == name.lowercased() }) else {
        throw ValidationError(
          "there is no domain \(name); known are \(configuration.domains.prefix(20).map(\.name).joined(separator: ", "))"
        )
      }
      return found
    }
  }
}

// MARK: - Telling

extension CacheCanaryCommand {
  private func tell(_ report: CanaryReport) throws {
    if json {
      Terminal.out(try report.json())
    } else {
      Terminal.table(
        ["DOMAIN", "ROUTE", "PATH", "SHARE", "REQUESTS", "FROM CACHE", "SHARED", "VERDICT"],
        report.results.map { result in
          [
            result.target.domain, result.target.pattern, result.target.path, result.share, "\(result.requests)",
            "\(result.hits)", "\(result.shared)", result.verdict,
          ]
        })
    }
    if report.results.isEmpty {
      Terminal.note("no route has a cache: there is nothing to test")
      throw ExitCode.failure
    }
    for line in report.leakLines { Terminal.note(line) }
    if !report.leaking.isEmpty {
      Terminal.note("\(CanaryReport.words)\n\(CanaryReport.advice)")
      throw ExitCode.failure
    }
    if report.tested.isEmpty {
      Terminal.note("nothing was tested: no request that a cache might answer was answered twice")
      throw ExitCode.failure
    }
    let untested = report.untestedNames.isEmpty ? "" : "; NOT tested: \(report.untestedNames)"
    Terminal.note(
      "\(report.tested.count) of \(report.results.count) requests tested: nobody got what was made for another\(untested)"
    )
  }
}

extension Result where Failure == any Error {
  fileprivate static func of(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
