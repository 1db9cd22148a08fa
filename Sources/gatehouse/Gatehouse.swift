import ArgumentParser

/// The command line of the gateway.
@main
struct Gatehouse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gatehouse",
    abstract: "A multi-tenant API gateway: domains, tokens, scopes, limits, cache.",
    discussion: """
      Start here:
        gatehouse demo                  a gateway, an origin and tokens to play with
        gatehouse check gatehouse.yaml  say what is wrong with a configuration
        gatehouse run gatehouse.yaml    run the gateway
        gatehouse tokens list           work with API tokens, behind a gateway or not
        gatehouse scopes check FILE     find what nobody judges or reaches
        gatehouse cache purge --tag T   drop what a running gateway keeps of answers

      Exit codes: 0 all went well; 1 it did not, and standard error says why; 64 the \
      command line was wrong. `scopes explain` has 2 besides: it cannot be judged.
      """,
    version: Version.current,
    subcommands: [
      RunCommand.self, CheckCommand.self, DemoCommand.self, TokensCommand.self, ScopesCommand.self, CacheCommand.self,
      TokenServiceCommand.self, VersionCommand.self,
    ])
}
