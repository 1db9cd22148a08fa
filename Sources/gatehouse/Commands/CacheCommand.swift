import ArgumentParser

/// `gatehouse cache`: what running gateways keep of answers, and whether a configuration keeps it apart.
struct CacheCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Drop what gateways keep of answers, show what that is, test that nobody gets another's.",
    discussion: """
      purge and inspect talk to the admin side of gateways (--admin), with the token of GATEHOUSE_ADMIN_TOKEN or \
      --admin-token-file where `admin.token` is configured. canary needs no running gateway.

        gatehouse cache inspect
        gatehouse cache purge --tag user-tokens --domain example.com
        gatehouse cache canary gatehouse.yaml
      """,
    subcommands: [CacheInspectCommand.self, CachePurgeCommand.self, CacheCanaryCommand.self])
}
