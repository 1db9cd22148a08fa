import ArgumentParser
import Foundation
import GatewayEngine
import GatewayKit

struct ScopesExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say whether a token may make a request, and why.",
    discussion: """
      TOKEN is `-` for standard input or `@FILE`, so that it does not stand in the process list; a token written out; or \
      '' for none. PATH is read as the gateway reads it.

      Domain, route, `authentication` and `scopes` are judged by the gateway's own code, and revocations as \
      `revocations.file` has them. Nobody is asked: no introspection endpoint and no token registry ever, and key sets \
      at addresses only with --fetch-keys. What a token says of itself is shown until then, and the output names all \
      that was not asked.

        gatehouse scopes explain @my.token GET /me/tokens --config gatehouse.yaml
        pass show my-token | gatehouse scopes explain - GET /me --config gatehouse.yaml
        gatehouse scopes explain '' GET /auth/user --config gatehouse.yaml

      Exit code 0 when that lets the request through, 1 when it is refused, 2 when it cannot be judged: the token is good \
      only if somebody says so who was not asked, there is no such file or domain, or the configuration has mistakes; 64 \
      when the command line was wrong.
      """)

  @Argument(help: "The token: `-`, `@FILE`, the token itself, or '' for none.")
  var token: String

  @Argument(help: "The method, such as GET.")
  var method: String

  @Argument(help: "The path, such as /me/tokens.")
  var path: String

  @Option(help: "The configuration file (YAML).")
  var config: String

  @Option(help: "The domain, by a name or host of it; needed when there are several.")
  var domain: String?

  @Flag(help: "Fetch key sets from their addresses to verify the token.")
  var fetchKeys = false

  func run() async throws {
    do {
      let generation = try ScopesSupport.generation(config)
      let index = try domainIndex(generation)
      let token = try TokenArgument.read(token)
      let explanation = RequestExplanation(generation, domain: index, token: token, method: method, path: path)
      let outcome = try await judge(explanation)
      print(outcome.lines.joined(separator: "\n"))
      if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
    } catch let error as ConfigurationError {
      ConfigurationSupport.report(error)
      throw ExitCode(2)
    } catch let error as ExplainError {
      StandardError.write("error: \(error.message)")
      throw ExitCode(2)
    }
  }

  private func judge(_ explanation: RequestExplanation) async throws -> ExplanationOutcome {
    guard fetchKeys else { return explanation.judge(at: SystemClock().wall()) }
    do {
      try await explanation.fetchKeys()
    } catch {
      await explanation.end()
      throw error
    }
    let outcome = explanation.judge(at: SystemClock().wall())
    await explanation.end()
    return outcome
  }

  private func domainIndex(_ generation: Generation) throws -> Int {
    let domains = generation.configuration.domains
    guard let domain else {
      if domains.count == 1, let index = generation.domainIndex(named: domains[0].name) { return index }
      throw ExplainError(message: "the configuration has \(domains.count) domains; name one with --domain")
    }
    if let index = generation.domainIndex(named: domain.lowercased()) { return index }
    throw ExplainError(message: "there is no domain \(domain)")
  }
}

/// Why nothing can be said of a request.
struct ExplainError: Error {
  let message: String
}

/// A token from the command line, a file or standard input.
enum TokenArgument {
  private static let longest = 64 << 10

  /// nil for none.
  static func read(_ argument: String) throws -> [UInt8]? {
    let bytes: [UInt8]
    if argument == "-" {
      bytes = Array(try FileHandle.standardInput.read(upToCount: longest + 1) ?? Data())
    } else if argument.hasPrefix("@") {
      do {
        bytes = try BoundedFile.read(String(argument.dropFirst()), limit: longest)
      } catch {
        throw ExplainError(message: "the file \(argument.dropFirst()) \(error.reason)")
      }
    } else {
      bytes = Array(argument.utf8)
    }
    guard bytes.count <= longest else { throw ExplainError(message: "the token is longer than 64KB") }
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let trimmed = bytes.drop { blanks.contains($0) }
    let end = trimmed.lastIndex { !blanks.contains($0) }
    return end.map { Array(trimmed[...$0]) }
  }
}
