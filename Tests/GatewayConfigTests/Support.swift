import Foundation
import GatewayConfig
import GatewayKit

/// The smallest configuration: lines 1 to 4.
let smallest = [
  "version: 1",
  "listeners: [{ bind: \"127.0.0.1:0\" }]",
  "upstreams: { api: { endpoints: [\"http://127.0.0.1:3000\"] } }",
  "domains: [{ name: a.test, upstream: api }]",
]

/// The smallest configuration with some of its lines replaced and more added from line 5 on.
func configuration(_ replaced: [Int: String] = [:], more: String = "") -> String {
  smallest.enumerated().map { replaced[$0.offset + 1] ?? $0.element }.joined(separator: "\n") + "\n" + more
}

func parse(
  _ text: String, environment: [String: String] = [:], file: String = "g.yaml"
) throws(ConfigurationError) -> GatewayConfiguration {
  try ConfigurationLoader.parse(text: text, file: file, environment: environment, baseDirectory: "/nowhere")
}

/// What is wrong with a text; empty when nothing is.
func issues(_ text: String, environment: [String: String] = [:]) -> [ConfigurationIssue] {
  do {
    _ = try parse(text, environment: environment)
    return []
  } catch {
    return error.issues
  }
}

/// The folder `config` of the project.
let shippedFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "config")

/// A folder that exists during `body`.
func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

extension URL {
  /// Writes a file of this folder, with the folders it needs.
  func write(_ text: String, to name: String) throws {
    let file = appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
}
