// swift-tools-version: 6.2
import PackageDescription

/// Every target is built alike: Swift 6, the strict upcoming features, warnings as errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// Targets of the data path. What they share is bound to one loop, and whether two accesses to it overlap is checked at
/// run time in debug builds, which all tests are; a release build does not pay for it at every field of every request.
let dataPath: [SwiftSetting] =
  strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

// Products of other packages, named once.
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A plugin is a target of its own under `Plugins/`; it sees the contract and never the engine.
func plugin(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: ["GatewayKit", "HTTPWire", nio] + dependencies, path: "Plugins/\(name)",
    exclude: ["README.md"], swiftSettings: dataPath)
}

func source(
  _ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = strict, exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let plugins = [
  "Authentication", "ScopeEnforcement", "RateLimiting", "ResponseCaching", "RequestID", "AccessLog",
  "TokenRegistry",
]
let pluginTargets = plugins.map { Target.Dependency.target(name: $0) }

let package = Package(
  name: "gatehouse",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "gatehouse", targets: ["gatehouse"]),
    .library(name: "UserApiTokens", targets: ["UserApiTokens"]),
    .library(name: "GatewayKit", targets: ["HTTPWire", "GatewayKit"]),
    .library(name: "GatewayEngine", targets: ["GatewayEngine", "GatewayConfig", "SharedStores", "Admin"]),
    .library(name: "GatewayPlugins", targets: plugins),
    .library(name: "GatewayTesting", targets: ["GatewayTesting"]),
    .library(name: "TokenService", targets: ["TokenService"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    source("HTTPWire", [nio], dataPath),
    source("GatewayKit", ["HTTPWire", crypto, nio, logging], dataPath),
    .target(name: "CEpoll"),
    source(
      "GatewayEngine", ["CEpoll", "GatewayKit", "HTTPWire", nio, nioPosix, nioSSL, nioTLS, logging], dataPath),
    source("GatewayConfig", ["GatewayKit", yams]),
    source("UserApiTokens", [asyncHTTPClient, nio, nioFoundation, nioHTTP1]),
    source(
      "TokenService",
      ["UserApiTokens", crypto, grdb, hummingbird, httpTypes, jwtKit, logging, nio, serviceLifecycle]),
    source(
      "SharedStores", ["GatewayEngine", "GatewayKit", crypto, logging, nio, nioPosix, nioSSL], dataPath,
      exclude: ["README.md"]),
    source("Admin", ["GatewayEngine", "GatewayKit", httpTypes, hummingbird, logging, nio, nioPosix, serviceLifecycle]),
    source(
      "GatewayTesting",
      ["GatewayEngine", "GatewayConfig", "GatewayKit", "HTTPWire", logging, nio, nioEmbedded, nioPosix]),

    plugin("Authentication", ["UserApiTokens", asyncHTTPClient, crypto, cryptoExtras, logging, nioHTTP1]),
    plugin("ScopeEnforcement"),
    plugin("RateLimiting", [crypto]),
    plugin("ResponseCaching", [crypto]),
    plugin("RequestID"),
    plugin("AccessLog"),
    plugin("TokenRegistry", ["UserApiTokens", asyncHTTPClient, logging]),

    tests(
      "SharedStoresTests",
      ["SharedStores", "GatewayEngine", "GatewayKit", "GatewayTesting", logging, nio, nioPosix]),
    tests(
      "RateLimitingTests", ["RateLimiting", "GatewayTesting", "GatewayKit", "HTTPWire", logging, nio, nioEmbedded]),
    tests(
      "ResponseCachingTests",
      ["ResponseCaching", "GatewayKit", "GatewayTesting", "HTTPWire", logging, nio, nioEmbedded]),
    tests("RequestIDTests", ["RequestID", "GatewayKit", "GatewayTesting", "HTTPWire", logging, nio, nioEmbedded]),
    tests("AccessLogTests", ["AccessLog", "GatewayKit", "GatewayTesting", "HTTPWire", logging, nio, nioEmbedded]),

    tests(
      "TokenRegistryTests",
      [
        "TokenRegistry", "GatewayKit", "GatewayTesting", "HTTPWire", "TokenService", "UserApiTokens", asyncHTTPClient,
        logging, nio, nioEmbedded, nioHTTP1, nioPosix,
      ]),

    .executableTarget(
      name: "gatehouse",
      dependencies: [
        "GatewayEngine", "GatewayConfig", "GatewayKit", "SharedStores", "Admin", "TokenService", "UserApiTokens",
        argumentParser, asyncHTTPClient, crypto, logging, nio, nioHTTP1, nioPosix, serviceLifecycle, unixSignals,
      ] + pluginTargets,
      swiftSettings: strict),

    // A benchmark of the response cache, on the real table: see Tests/Performance/README.md.
    .executableTarget(
      name: "cache-simulation",
      dependencies: ["ResponseCaching", "GatewayKit", "HTTPWire", argumentParser, nio],
      path: "Tests/Performance/simulation", swiftSettings: strict),

    tests("UserApiTokensTests", ["UserApiTokens", asyncHTTPClient, nio, nioPosix]),
    tests(
      "TokenServiceTests",
      ["TokenService", "UserApiTokens", asyncHTTPClient, crypto, grdb, jwtKit, logging, nio, nioHTTP1, nioPosix]),
    tests("GatewayKitTests", ["GatewayKit", "GatewayTesting", "HTTPWire", logging, nio]),
    tests("AdminTests", ["Admin", "GatewayEngine", "GatewayKit", "GatewayTesting", logging]),
    tests(
      "GatewayEngineTests",
      ["GatewayEngine", "GatewayKit", "GatewayTesting", "HTTPWire", logging, nio, nioEmbedded, nioPosix, nioSSL]),
    tests("GatewayConfigTests", ["GatewayConfig", "GatewayKit"]),
    tests(
      "AuthenticationTests",
      [
        "Authentication", "GatewayKit", "HTTPWire", "TokenService", "UserApiTokens", asyncHTTPClient, crypto,
        cryptoExtras, logging, nio, nioHTTP1, nioPosix,
      ]),
    tests("ScopeEnforcementTests", ["ScopeEnforcement", "GatewayKit", "HTTPWire", logging, nio, nioEmbedded]),
    tests("HTTPWireTests", ["HTTPWire", nio, nioEmbedded, nioHTTP1]),
  ]
)
