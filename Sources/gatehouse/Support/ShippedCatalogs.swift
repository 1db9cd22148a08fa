import Foundation

/// The catalogues of operations that come with the gateway. A configuration may name them without declaring them.
enum ShippedCatalogs {
  static let names = ["losant"]

  /// The first place where a catalogue is: beside the sources that the executable was built from, or where packages put
  /// it; nil when it is nowhere.
  static func path(of name: String) -> String? {
    places(of: name).first { FileManager.default.isReadableFile(atPath: $0) }
  }

  /// Where it is looked for.
  static func places(of name: String) -> [String] {
    let file = "catalogs/\(name).json"
    var places: [String] = []
    if let share = ProcessInfo.processInfo.environment["GATEHOUSE_SHARE"] { places.append("\(share)/\(file)") }
    var folder = URL(fileURLWithPath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<5 {
      places.append(folder.appendingPathComponent("config/\(file)").path)
      folder.deleteLastPathComponent()
    }
    return places + ["/usr/share/gatehouse/\(file)", "/etc/gatehouse/\(file)"]
  }

  private static var executable: String { Bundle.main.executablePath ?? CommandLine.arguments.first ?? "." }
}
