// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets of HTTPWire. A package of its own, as the fuzzer's flags must not reach the gateway. `./run` builds and
// runs them. The sources of HTTPWire are a symbolic link, so that they are built with coverage and the sanitizers.

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzDriver", "HTTPWire", nio],
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])],
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
  name: "HTTPWireFuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
  targets: [
    .target(name: "FuzzDriver"),
    .target(
      name: "HTTPWire", dependencies: [nio],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])]),
    fuzzer("FuzzRequests"), fuzzer("FuzzResponses"), fuzzer("FuzzChunks"), fuzzer("FuzzPaths"),
  ])
