package import GatewayKit

/// The plugins that a gateway knows. The engine knows none by name: the executable passes the array in.
package struct PluginRegistry: Sendable {
  /// In the order given.
  package let plugins: [any Plugin.Type]

  /// A registry of these plugins; the first of a name counts.
  package init(_ plugins: [any Plugin.Type]) { self.plugins = plugins }

  /// The plugin of this name.
  func find(_ id: String) -> (any Plugin.Type)? { plugins.first { $0.descriptor.id == id } }

  /// The names of all plugins, for errors.
  var names: String { plugins.map { $0.descriptor.id }.joined(separator: ", ") }
}
