// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets of HTTPWire, of the token reader and of the reader of shared answers. A package of its own, as the fuzzer's flags must not reach the
// gateway. `./run` builds and runs them. The sources are symbolic links, so that they are built with coverage and the
// sanitizers.

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let fuzzed = strict + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])]

/// The part of the authentication plugin that reads tokens and keys, without settings, network and filters.
let tokenReader =
  ["JSON", "Token"]
  + [
    "JSONWebKey", "JSONWebKeyPoint", "JSONWebKeySet", "KeyMaterial", "KeyMaterial+signatures", "KeyProblem", "KeySet",
    "KeyTerms", "SignatureAlgorithm", "VerificationKey",
  ].map { "Keys/\($0).swift" }
  // What is told of a verified token is kept with it.
  + ["FieldText", "ForwardingSettings", "IdentityFact", "IdentityFields"].map { "Forwarding/\($0).swift" }

func fuzzer(_ name: String, _ more: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzDriver", "HTTPWire", nio] + more,
    swiftSettings: fuzzed,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
  name: "GatehouseFuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .target(name: "FuzzDriver"),
    .target(name: "HTTPWire", dependencies: [nio], swiftSettings: fuzzed),
    .target(name: "GatewayKit", dependencies: ["HTTPWire", crypto, nio, logging], swiftSettings: strict),
    .target(
      name: "Authentication", dependencies: ["GatewayKit", crypto, cryptoExtras, nio], sources: tokenReader,
      swiftSettings: fuzzed + [.unsafeFlags(["-enable-testing"])]),
    .target(
      name: "ResponseCaching", dependencies: ["GatewayKit", "HTTPWire", crypto, nio], exclude: ["README.md"],
      swiftSettings: fuzzed + [.unsafeFlags(["-enable-testing"])]),
    fuzzer("FuzzRequests"), fuzzer("FuzzResponses"), fuzzer("FuzzChunks"), fuzzer("FuzzPaths"),
    fuzzer("FuzzAnswers", ["GatewayKit", "ResponseCaching"]),
    fuzzer("FuzzTokens", ["Authentication", "GatewayKit", crypto, cryptoExtras]),
  ])
