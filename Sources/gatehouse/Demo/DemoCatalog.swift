import Foundation

/// Finds the catalogue of the API's operations that comes with the gateway.
enum DemoCatalog {
  private static let name = "catalogs/losant.json"

  /// The first place where it is: beside the sources that the executable was built from, or where packages put it.
  static func find() throws -> String {
    for candidate in candidates where FileManager.default.isReadableFile(atPath: candidate) { return candidate }
    throw DemoError.noCatalog(looked: candidates)
  }

  private static var candidates: [String] {
    var places: [String] = []
    if let share = ProcessInfo.processInfo.environment["GATEHOUSE_SHARE"] { places.append("\(share)/\(name)") }
    var folder = URL(fileURLWithPath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<5 {
      places.append(folder.appendingPathComponent("config/\(name)").path)
      folder.deleteLastPathComponent()
    }
    return places + ["/usr/share/gatehouse/\(name)", "/etc/gatehouse/\(name)"]
  }

  private static var executable: String { Bundle.main.executablePath ?? CommandLine.arguments.first ?? "." }
}

/// Why the demo cannot run.
enum DemoError: Error, CustomStringConvertible {
  case noCatalog(looked: [String])
  case noPort

  var description: String {
    switch self {
    case .noCatalog(let looked):
      "the catalogue of operations is not found; set GATEHOUSE_SHARE to the folder that holds catalogs/losant.json "
        + "(looked for: \(looked.joined(separator: ", ")))"
    case .noPort: "no address was bound"
    }
  }
}
