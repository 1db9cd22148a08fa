import ArgumentParser
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import TokenService
import UnixSignals
import UserApiTokens

/// `gatehouse token-service`: the embedded origin in the foreground.
struct TokenServiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token-service",
    abstract: "Run the embedded token API: /me/tokens over SQLite, with real signed tokens.",
    discussion: """
      The keys that verify its tokens are at /.well-known/jwks.json. Standard output gets one line with the address \
      once the service listens; the log goes to standard error. SIGTERM and SIGINT end it after the running requests.

        gatehouse token-service --database tokens.sqlite --issuer id.example \\
          --seed-user admin --scope all.User --seed-token-file admin.token
        GATEHOUSE_API=http://127.0.0.1:9090 gatehouse tokens list --token-file admin.token

      A user belongs to one domain. A request with the field losantdomain needs a token of that domain; without the \
      field, the issuer of the token names the domain.
      """)

  @Option(help: "Host and port to listen on; port 0 takes a free one.") var bind = "127.0.0.1:9090"
  @Option(help: "SQLite file to keep users, tokens and the signing key in. Default: in memory, gone at the end.")
  var database: String?
  @Option(help: "Host name of the service's own domain, the iss of its tokens.") var issuer = "api.example.com"
  @Option(help: ArgumentHelp("The aud of new tokens; may be given many times. Default: none.", valueName: "aud"))
  var audience: [String] = []
  @Option(help: "Make this user, with a first token, if there is no such user.") var seedUser: String?
  @Option(help: "The domain of the seeded user. Default: the issuer.") var seedDomain: String?
  @Option(help: "A scope of the seeded user's token; may be given many times. Default: all.User.")
  var scope: [String] = []
  @Option(help: "Write the seeded token into this new file, readable for you only. Default: print it.")
  var seedTokenFile: String?
  @Flag(help: "Log every request.") var verbose = false

  func validate() throws {
    _ = try address()
    if seedUser == nil, !scope.isEmpty || seedDomain != nil || seedTokenFile != nil {
      throw ValidationError("--scope, --seed-domain and --seed-token-file belong to --seed-user")
    }
  }

  func run() async throws {
    var logger = Logger(label: "gatehouse.token-service") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = verbose ? .debug : .info
    let service: TokenService
    do {
      service = try await TokenService(configuration: try configuration(), logger: logger)
      try await seed(service)
    } catch let error as TokenServiceError {
      Terminal.fail(error.description, hint: nil)
      throw ExitCode.failure
    }
    let group = ServiceGroup(
      configuration: .init(services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EADDRNOTAVAIL {
      Terminal.fail(
        "cannot listen on \(bind): \(String(cString: strerror(error.errnoCode)))",
        hint: "--bind names another address; port 0 takes a free one.")
      throw ExitCode.failure
    }
  }

  private func configuration() throws -> TokenService.Configuration {
    let (host, port) = try address()
    var configuration = TokenService.Configuration(
      host: host, port: port, database: database.map { .file($0) } ?? .memory, issuer: issuer)
    configuration.audience = audience
    configuration.onListening = { address in
      let name = host.contains(":") ? "[\(host)]" : host
      Terminal.out("listening on http://\(name):\(address.port ?? port)")
    }
    return configuration
  }

  private func seed(_ service: TokenService) async throws {
    guard let seedUser else { return }
    let user = try service.seedUser(name: seedUser, domain: seedDomain)
    guard try service.tokenCount(of: user) == 0 else {
      return Terminal.note("user \(Terminal.visible(seedUser)) has tokens already; none was made")
    }
    let file = try seedTokenFile.map(SecretFile.init(path:))
    let issued = try await service.issueToken(
      for: user, name: "first token of \(seedUser)", scopes: scope.isEmpty ? ["all.User"] : scope)
    if let file { return try file.write(issued.secret) }
    Terminal.out("token of \(Terminal.visible(seedUser)): \(issued.secret.reveal())")
  }

  private func address() throws -> (host: String, port: Int) {
    guard let colon = bind.lastIndex(of: ":"), let port = Int(bind[bind.index(after: colon)...]),
      (0...65_535).contains(port)
    else { throw ValidationError("--bind is a host and a port, such as 127.0.0.1:9090 or [::1]:9090") }
    var host = String(bind[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { throw ValidationError("--bind needs a host before the port, such as 127.0.0.1") }
    return (host, port)
  }
}
