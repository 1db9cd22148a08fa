import GatewayKit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ConfigurationBuilder {
  /// The files of `domains_dir` in the order of their names. Hidden files are left alone: mounted configuration has them.
  func domainFiles(in folder: String, _ reader: SettingsReader) -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      reader.fail("domains_dir", "the folder \(folder) cannot be read", hint: "name a folder with a file per domain")
      return []
    }
    var files: [String] = []
    for name in names.sorted() where !name.hasPrefix(".") {
      if name.hasSuffix(".yaml") { files.append(folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)") }
      if name.hasSuffix(".yml") {
        reader.fail("domains_dir", "the file \(name) would not be read", hint: "rename it to .yaml, or take it out")
      }
    }
    return files
  }
}
