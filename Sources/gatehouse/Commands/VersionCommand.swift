import ArgumentParser
import GatewayEngine
import GatewayKit

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version and the plugins of this build.")

  @Flag(help: "Print only the version.")
  var short = false

  func run() {
    if short { return print(Version.current) }
    print("gatehouse \(Version.current)")
    print("plugins:")
    for plugin in knownPlugins.plugins {
      print("  \(plugin.descriptor.id): \(plugin.descriptor.summary)")
    }
  }
}
