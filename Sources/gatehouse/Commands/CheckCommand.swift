import ArgumentParser
import GatewayConfig
import GatewayEngine
import GatewayKit
import Logging
import NIOPosix

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a configuration: report every mistake with file, line and column.",
    discussion: """
      It loads the file the way `run` does, with all plugins, catalogues and keys, and reports every mistake at once. \
      Nothing is bound and nothing is fetched over the network. Lines that begin with `note:` say what is worth knowing \
      though it is no mistake, such as how far limits with leases can be exceeded.

      Exit code 0 when the configuration can be run, 1 when it cannot.
      """)

  @OptionGroup var file: ConfigurationOption

  func run() async throws {
    let path = try file.path()
    let group = MultiThreadedEventLoopGroup.singleton
    do {
      let configuration = try ConfigurationSupport.load(path)
      let logger = Logger(label: "gatehouse") { _ in SwiftLogNoOpLogHandler() }
      let generation = try ConfigurationSupport.compile(configuration, group: group, logger: logger)
      try TokenRevocations.check(configuration.revocations, clock: SystemClock())
      let routes = configuration.domains.reduce(0) { $0 + $1.routes.count }
      for remark in generation.remarks { print("note: \(remark)") }
      print("\(path): good (\(configuration.domains.count) domains, \(routes) routes)")
    } catch {
      ConfigurationSupport.report(error)
      throw ExitCode.failure
    }
  }
}
