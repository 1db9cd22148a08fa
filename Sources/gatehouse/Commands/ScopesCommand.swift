import ArgumentParser

/// `gatehouse scopes`: what a configuration lets tokens do.
struct ScopesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scopes",
    abstract: "Check and explain which scopes allow which requests.",
    discussion: """
        gatehouse scopes check gatehouse.yaml
        gatehouse scopes explain @my.token GET /me/tokens --config gatehouse.yaml
      """,
    subcommands: [ScopesCheckCommand.self, ScopesExplainCommand.self])
}
