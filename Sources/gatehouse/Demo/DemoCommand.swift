import ArgumentParser
import Foundation
import GatewayConfig
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import TokenService

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Run a gateway with an origin, two domains and tokens to play with.",
    discussion: """
      An embedded token service is the origin, kept in memory; the gateway in front of it verifies tokens, enforces \
      scopes, limits rates and caches. Lines for curl are printed with what each will show. Everything listens on this \
      machine only, and ends with Ctrl-C.

      With --check the requests are made instead, on free ports, and the exit code says whether all went as promised: \
      0 or 1.
      """)

  @Option(help: "The gateway's port; 0 takes a free one.")
  var port = 8080

  @Option(help: "The port of health and metrics; 0 takes a free one.")
  var adminPort = 9080

  @Flag(help: "Send the requests, compare the answers, and end.")
  var check = false

  func validate() throws {
    for value in [port, adminPort] where !(0...65535).contains(value) {
      throw ValidationError("A port is a number from 0 to 65535.")
    }
  }

  func run() async throws {
    do {
      guard ShippedCatalogs.path(of: "losant") != nil else {
        throw DemoError.noCatalog(looked: ShippedCatalogs.places(of: "losant"))
      }
      var logger = Logger(label: "gatehouse", factory: { StreamLogHandler.standardError(label: $0) })
      logger.logLevel = .warning
      let service = try await TokenService(configuration: .init(issuer: DemoTokens.domains[0]), logger: logger)
      let tokens = try await DemoTokens(service)
      try await service.withRunning { address in
        guard let origin = address.port else { throw DemoError.noPort }
        try await runGateway(origin: origin, tokens: tokens)
      }
    } catch let error as ConfigurationError {
      ConfigurationSupport.report(error)
      throw ExitCode.failure
    } catch let error as BindError {
      StandardError.write("error: \(error); name another port with --port and --admin-port, or 0 for a free one")
      throw ExitCode.failure
    } catch let error as DemoError {
      StandardError.write("error: \(error)")
      throw ExitCode.failure
    }
  }

  private func runGateway(origin: Int, tokens: DemoTokens) async throws {
    let folder = try DemoFolder()
    defer { folder.remove() }
    // With --check nobody waits for a port of their choice, so free ones are taken.
    let yaml = DemoConfiguration.yaml(
      port: check ? 0 : port, adminPort: check ? 0 : adminPort, origin: origin)
    let path = try folder.write("gatehouse.yaml", yaml)
    let variables = try folder.write("tokens.env", tokens.variables.map { "\($0.name)='\($0.value)'\n" }.joined())
    let configuration = try ConfigurationSupport.load(path)
    let runner = GatewayRunner(configuration, quiet: true)
    if check {
      guard
        try await runner.withRunning({
          try await DemoCheck(port: $0.addresses.first?.port ?? 0, tokens: tokens).run()
        })
      else {
        throw ExitCode.failure
      }
    } else {
      try await runner.run { port in DemoText.print(port: port, configuration: path, variables: variables) }
    }
  }
}
