import ArgumentParser
import Foundation
import UserApiTokens

/// What every `tokens` command needs to reach the API.
struct TokensConnection: ParsableArguments {
  @Option(
    help:
      "Address of the API or of a gateway, perhaps with a path prefix. Default: GATEHOUSE_API, else http://127.0.0.1:8080."
  )
  var api: String?

  @Option(help: "A file with the access token. Default: the environment variable GATEHOUSE_TOKEN.")
  var tokenFile: String?

  @Option(help: "The domain to work in, sent as losantdomain. Rarely needed.")
  var domain: String?

  @Option(help: "Seconds that a call may take.")
  var timeout: Int = 30

  @Flag(help: "Print the JSON of the answer instead of a table.")
  var json = false

  @Flag(inversion: .prefixedNo, help: "Ask for _actions; visible with --json.")
  var actions = false

  @Flag(inversion: .prefixedNo, help: "Ask for _links; visible with --json.")
  var links = true

  @Flag(inversion: .prefixedNo, help: "Ask for _embedded; visible with --json.")
  var embedded = true

  func validate() throws {
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is a number of seconds from 1 to 3600") }
  }

  var address: String {
    api ?? ProcessInfo.processInfo.environment["GATEHOUSE_API"].flatMap { $0.isEmpty ? nil : $0 }
      ?? "http://127.0.0.1:8080"
  }

  var options: CallOptions {
    CallOptions(losantdomain: domain, actions: actions, links: links, embedded: embedded, timeout: .seconds(timeout))
  }

  /// Runs a body with a client; what fails is told on standard error and ends the command with status 1.
  func run(_ body: (UserApiTokensClient) async throws -> Void) async throws {
    let token = try accessToken()
    do {
      let configuration = try UserApiTokensClient.Configuration(baseURL: address)
      try await UserApiTokensClient.withClient(configuration: configuration, tokens: StaticToken(token), body)
    } catch let error as UserApiTokensError {
      Terminal.fail(error.description, hint: error.hint(address: address, hasToken: token != nil))
      throw ExitCode.failure
    }
  }

  private func accessToken() throws -> SecretToken? {
    if let tokenFile { return try Self.read(tokenFile) }
    let text = ProcessInfo.processInfo.environment["GATEHOUSE_TOKEN"]?.trimmingCharacters(in: .whitespacesAndNewlines)
    return text.flatMap { $0.isEmpty ? nil : SecretToken($0) }
  }

  private static func read(_ path: String) throws -> SecretToken {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: 65_536) else {
      throw ValidationError("cannot read --token-file \(path)")
    }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { throw ValidationError("--token-file \(path) is empty") }
    return SecretToken(text)
  }
}

extension UserApiTokensError {
  /// What the person at the keyboard may try.
  func hint(address: String, hasToken: Bool) -> String? {
    switch self {
    case .connection: return "Is something listening at \(address)? --api or GATEHOUSE_API names another address."
    case .timeout: return "--timeout allows more seconds. After a create, list the tokens before you try again."
    case .invalidArgument, .redirect, .answerTooLarge, .cancelled, .endlessList, .tokenUnavailable: return nil
    case .unexpectedAnswer: return "Is \(address) the API? --api or GATEHOUSE_API names another address."
    case .api(let error): return Self.hint(error, hasToken: hasToken)
    }
  }

  private static func hint(_ error: ApiError, hasToken: Bool) -> String? {
    switch (error.status, error.retryAfter) {
    case (_, .seconds(let seconds)?): "Try again in \(seconds) s."
    case (_, .date(let date)?): "Try again after \(WireDate.text(date))."
    case (401, _) where !hasToken, (403, _) where !hasToken:
      "No access token was sent: set GATEHOUSE_TOKEN or give --token-file."
    case (401, _): "The access token is wrong, expired, inactive, deleted, or of another domain than --domain."
    case (403, _): "The token lacks the scope for this, such as all.User.read to read or all.User to change tokens."
    case (404, _): "gatehouse tokens list shows the ids of your tokens."
    case (405, _): "The address has no such path; does --api need another path prefix?"
    case (400, _): "gatehouse help tokens tells what is allowed."
    default: nil
    }
  }
}
