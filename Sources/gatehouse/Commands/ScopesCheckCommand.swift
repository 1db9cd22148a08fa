import ArgumentParser
import Foundation
import GatewayEngine
import GatewayKit
import Logging
import NIOPosix

struct ScopesCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Report routes that nothing judges and operations that nobody reaches.",
    discussion: """
      It loads the configuration as `run` does and looks at every route of every domain. Wrong are

        route_unprotected      no `scopes` judges it, and no `scopes: off` opens it
        route_unauthenticated  `scopes` without `authentication`: nobody has a token
        route_uncovered        no operation fits it: every request is refused
        scope_unknown          the catalogue has no such scope as `any` or `all` name

      and worth a look are

        route_off              `scopes: off`: the route is open on purpose
        route_unjudged         no operation fits, and `unlisted: allow` lets all pass
        route_shadow           `mode: shadow`: refusals are only counted and logged
        operation_unreached    no route of the domain takes the operation
        operation_denied       no token allows the operation
        group_scope_unused     a group holds a scope that no operation asks for

        gatehouse scopes check gatehouse.yaml
        gatehouse scopes check --strict --json gatehouse.yaml | jq '.findings[].code'

      Exit code 0 when nothing is wrong, 1 when something is or, with --strict, when there is anything to report.
      """)

  @OptionGroup var file: ConfigurationOption

  @Flag(help: "Print JSON: findings with severity, code, domain, route, operation, scope and message.")
  var json = false

  @Flag(help: "Let warnings fail too.")
  var strict = false

  func run() async throws {
    let generation: Generation
    do {
      generation = try ScopesSupport.generation(file.path())
    } catch let error as ConfigurationError {
      ConfigurationSupport.report(error)
      throw ExitCode.failure
    }
    var check = ScopeCheck(generation)
    let report = check.run()
    print(try json ? report.json() : report.text)
    if report.wrong > 0 || strict && report.warnings > 0 { throw ExitCode.failure }
  }
}

/// What both commands begin with.
enum ScopesSupport {
  static func generation(_ path: String) throws(ConfigurationError) -> Generation {
    let configuration = try ConfigurationSupport.load(path)
    let silent = Logger(label: "gatehouse") { _ in SwiftLogNoOpLogHandler() }
    return try ConfigurationSupport.compile(
      configuration, group: MultiThreadedEventLoopGroup.singleton, logger: silent,
      revocations: TokenRevocations.read(configuration.revocations, clock: SystemClock()))
  }
}
