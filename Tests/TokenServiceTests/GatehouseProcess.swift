import Foundation
import Testing

/// The real program, next to this test bundle.
///
/// Waiting for it blocks a thread of its own, never one of the few that run the tests' tasks.
struct GatehouseProcess: @unchecked Sendable {
  static func executable() throws -> URL {
    var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
    for _ in 0..<6 {
      let program = folder.appendingPathComponent("gatehouse")
      let isFile = (try? program.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
      if isFile, FileManager.default.isExecutableFile(atPath: program.path) { return program }
      folder.deleteLastPathComponent()
    }
    throw Missing()
  }

  struct Missing: Error, CustomStringConvertible {
    var description: String {
      "no executable 'gatehouse' beside \(CommandLine.arguments.first ?? "the tests"); run swift build"
    }
  }

  let process = Process()
  private let output = Pipe()
  private let errors = Pipe()

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = try Self.executable()
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  /// The base address, from the line that says where the service listens.
  func address() async throws -> String { try await Self.blocking { try readAddress() } }

  private func readAddress() throws -> String {
    var text = ""
    while !text.contains("\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else {
        throw Ended(text: String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self))
      }
      text += String(decoding: data, as: UTF8.self)
    }
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("listening on ") })
    return String(line.dropFirst("listening on ".count))
  }

  struct Ended: Error {
    let text: String
  }

  func stop(_ signal: Int32) async throws -> Int32 {
    kill(process.processIdentifier, signal)
    return try await Self.blocking {
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }

  /// Runs a command to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> (status: Int32, out: String, errors: String) {
    let running = try GatehouseProcess(arguments, environment: environment)
    return try await blocking {
      let out = running.output.fileHandleForReading.readDataToEndOfFile()
      let errors = running.errors.fileHandleForReading.readDataToEndOfFile()
      running.process.waitUntilExit()
      return (
        running.process.terminationStatus, String(decoding: out, as: UTF8.self), String(decoding: errors, as: UTF8.self)
      )
    }
  }
}
