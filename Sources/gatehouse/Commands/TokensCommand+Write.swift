import ArgumentParser
import Foundation
import UserApiTokens

/// `gatehouse tokens create`
struct TokensCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a token. The token itself is shown this one time.",
    discussion: """
      Needs one of the scopes all.User, only.User, userApiTokens.* or userApiTokens.post. Scopes and expiration cannot \
      be changed later. Without --scope the API decides what the token may do, which may be everything.
      """)

  @Argument(help: "The name, 1 to 255 characters.") var name: String
  @Option(help: "A scope, such as all.User.read. May be given many times.") var scope: [String] = []
  @Option(help: "When the token stops working: 2030-01-01 or 2030-01-01T00:00:00Z. Default: never.")
  var expires: DateArgument?
  @Option(help: "A description.") var description: String?
  @Option(help: "Make it active or inactive.") var status: TokenStatus?
  @Option(help: "What the token may do at most.") var role: TokenRole?
  @Option(help: ArgumentHelp("What it may do at most in one organisation.", valueName: "org=role"))
  var orgRole: [OrganizationRoleArgument] = []
  @Option(help: "Write the token into this new file, readable for you only, instead of printing it.")
  var secretFile: String?
  @OptionGroup var connection: TokensConnection

  func run() async throws {
    let file = try secretFile.map(SecretFile.init(path:))
    let post = ApiTokenPost(
      name: name, description: description, expirationDate: expires?.date, scope: scope.isEmpty ? nil : scope,
      status: status, defaultRole: role, orgRoles: orgRole.isEmpty ? nil : orgRole.map(\.value))
    do {
      try await connection.run { client in
        var token = try await client.userApiTokens.post(post, options: connection.options)
        if let file {
          try file.write(token.token)
          token.token = nil
        }
        if connection.json { return try Terminal.json(token) }
        token.printDetails()
        guard let secret = token.token else { return }
        Terminal.out("token: \(Terminal.visible(secret.reveal()))")
        Terminal.note("Keep the token safe: it cannot be shown again.")
      }
    } catch {
      file?.removeIfEmpty()
      throw error
    }
  }
}

/// A new file for a secret. It is made before the token, so that no token is made that cannot be kept.
struct SecretFile {
  let path: String
  private let handle: FileHandle

  init(path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ValidationError("cannot make the file \(path): \(String(cString: strerror(errno)))")
    }
    self.path = path
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func write(_ secret: SecretToken?) throws {
    guard let secret else { return }
    try handle.write(contentsOf: Data((secret.reveal() + "\n").utf8))
    try handle.synchronize()
  }

  func removeIfEmpty() {
    if let end = try? handle.seekToEnd(), end == 0 { unlink(path) }
  }
}

/// `gatehouse tokens update`
struct TokensUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Change a token's name, description, status or roles.",
    discussion: """
      What is not given stays as it is. An inactive token is refused until it is active again. Needs one of the scopes \
      all.User, only.User, userApiToken.* or userApiToken.patch.
      """)

  @Argument(help: "The token's id, 24 hex digits.") var id: String
  @Option(help: "The new name, 1 to 255 characters.") var name: String?
  @Option(help: "The new description.") var description: String?
  @Option(help: "The new status.") var status: TokenStatus?
  @Option(help: "What the token may do at most.") var role: TokenRole?
  @Option(help: ArgumentHelp("Roles in organisations; they replace all earlier ones.", valueName: "org=role"))
  var orgRole: [OrganizationRoleArgument] = []
  @OptionGroup var connection: TokensConnection

  func validate() throws {
    if name == nil, description == nil, status == nil, role == nil, orgRole.isEmpty {
      throw ValidationError("nothing to change; give --name, --description, --status, --role or --org-role")
    }
  }

  func run() async throws {
    let patch = ApiTokenPatch(
      name: name, description: description, status: status, defaultRole: role,
      orgRoles: orgRole.isEmpty ? nil : orgRole.map(\.value))
    try await connection.run { client in
      let token = try await client.userApiToken.patch(apiTokenId: id, patch, options: connection.options)
      if connection.json { try Terminal.json(token) } else { token.printDetails() }
    }
  }
}

/// `gatehouse tokens delete`
struct TokensDeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a token for good.",
    discussion: "Needs one of the scopes all.User, only.User, userApiToken.* or userApiToken.delete.")

  @Argument(help: "The token's id, 24 hex digits.") var id: String
  @OptionGroup var connection: TokensConnection

  func run() async throws {
    try await connection.run { client in
      let success = try await client.userApiToken.delete(apiTokenId: id, options: connection.options)
      if connection.json { return try Terminal.json(["success": success]) }
      Terminal.out(success ? "deleted \(id)" : "the API did not delete \(id)")
      if !success { throw ExitCode.failure }
    }
  }
}
