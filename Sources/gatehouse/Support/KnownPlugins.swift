import AccessLog
import Authentication
import GatewayEngine
import GatewayKit
import RateLimiting
import RequestID
import ResponseCaching
import ScopeEnforcement
import TokenRegistry

/// The plugins of this build. A new plugin adds one line here and its target in `Package.swift`.
let knownPlugins = PluginRegistry([
  RequestIDPlugin.self,
  AccessLogPlugin.self,
  AuthenticationPlugin.self,
  TokenRegistryPlugin.self,
  ScopeEnforcementPlugin.self,
  RateLimitingPlugin.self,
  ResponseCachingPlugin.self,
])
