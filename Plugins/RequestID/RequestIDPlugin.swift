public import GatewayKit
import NIOCore

/// Gives every exchange an id that client, origin and log agree on (`request-id`).
public struct RequestIDPlugin: Plugin {
  /// Its name and purpose.
  public static let descriptor = PluginDescriptor(
    id: "request-id", summary: "Sends an id of the exchange to the origin and back to the client.")

  private let settings: RequestIDSettings
  private let slot: StateSlot

  /// Makes the plugin.
  public init(
    settings: RequestIDSettings, at position: SourcePosition, environment: PluginEnvironment
  ) throws(ConfigurationError) {
    self.settings = settings
    slot = environment.makeStateSlot()
  }

  /// The filter of one loop.
  public func makeFilter(on loop: LoopContext) -> any Filter { RequestIDFilter(settings, slot: slot) }
}
