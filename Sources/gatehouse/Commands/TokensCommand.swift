import ArgumentParser

/// `gatehouse tokens`: the user API tokens of whoever the access token belongs to, and what gateways refuse.
struct TokensCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "List, create, show, change and delete user API tokens; revoke tokens at gateways.",
    discussion: """
      The API is named by --api or GATEHOUSE_API. The access token comes from GATEHOUSE_TOKEN or from --token-file, \
      never from the command line, where every user of the machine could read it.

        export GATEHOUSE_API=http://127.0.0.1:8080
        export GATEHOUSE_TOKEN="$(cat my.token)"
        gatehouse tokens list --filter 'build*' --sort creationDate --descending
        gatehouse tokens create nightly --scope all.User.read --expires 2030-01-01T00:00:00Z --secret-file new.token

      revoke, restore and revoked talk to the admin side of gateways instead (--admin), with the token of \
      GATEHOUSE_ADMIN_TOKEN or --admin-token-file where `admin.token` is configured.

      Exit status: 0 when done, 1 when the API or the connection failed, 64 when the command line is wrong.
      """,
    subcommands: [
      TokensListCommand.self, TokensCreateCommand.self, TokensShowCommand.self, TokensUpdateCommand.self,
      TokensDeleteCommand.self, TokensRevokeCommand.self, TokensRestoreCommand.self, TokensRevokedCommand.self,
    ])
}
