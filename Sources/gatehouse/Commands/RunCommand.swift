import ArgumentParser
import Foundation
import GatewayConfig
import GatewayEngine
import GatewayKit
import Logging
import NIOCore
import UnixSignals

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the gateway in the foreground.",
    discussion: """
      SIGTERM, SIGINT and SIGQUIT drain: listeners close, running exchanges finish within shutdown.limit, exit code 0. \
      A second such signal ends at once. Mistakes in the configuration go to standard error, exit code 1.
      """)

  @OptionGroup var file: ConfigurationOption

  @Option(help: "How many event loops to run; the default is one for each core.")
  var eventLoops = System.coreCount

  func validate() throws {
    guard (1...1024).contains(eventLoops) else { throw ValidationError("--event-loops takes a number from 1 to 1024.") }
  }

  func run() async throws {
    let path = try file.path()
    do {
      let configuration = try ConfigurationSupport.load(path)
      try await GatewayRunner(configuration, loops: eventLoops).run()
    } catch let error as ConfigurationError {
      ConfigurationSupport.report(error)
      throw ExitCode.failure
    } catch let error as BindError {
      StandardError.write("error: \(error)")
      throw ExitCode.failure
    }
  }
}
