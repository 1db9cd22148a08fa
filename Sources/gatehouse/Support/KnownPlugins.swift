import GatewayEngine
import GatewayKit

/// The plugins of this build. A new plugin adds one line here and its target in `Package.swift`.
let knownPlugins = PluginRegistry([
])
