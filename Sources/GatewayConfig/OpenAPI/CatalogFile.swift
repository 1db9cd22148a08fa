package import GatewayKit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads a file that `catalogs:` names: a catalogue of operations in JSON, or an OpenAPI document in JSON or YAML.
package enum CatalogFile {
  /// - Throws: Every mistake of the file, or that it cannot be read.
  package static func load(_ path: String) throws(ConfigurationError) -> OperationCatalog {
    // What keeps a file from being read is told by the catalogue's own reader.
    guard let bytes = try? BoundedFile.read(path, limit: OperationCatalog.largestFile) else {
      return try OperationCatalog(path: path)
    }
    return try load(bytes, file: path)
  }

  /// Reads bytes as if they were the file of this name.
  package static func load(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> OperationCatalog {
    if isOwnCatalog(bytes) { return try OperationCatalog(json: bytes, file: file) }
    let issues = IssueCollector()
    let root = ConfigurationLoader.readText(bytes, file: file, issues: issues) {
      YAMLDocument(description: file, issues: issues)
    }
    if let root, let catalog = OpenAPIReader.read(root, issues: issues), issues.isEmpty { return catalog }
    throw ConfigurationError(issues: issues.sorted)
  }

  /// Whether the bytes are a JSON object that does not call itself an OpenAPI document.
  private static func isOwnCatalog(_ bytes: [UInt8]) -> Bool {
    guard let members = try? JSONDecoder().decode(MemberNames.self, from: Data(bytes)) else { return false }
    return members.names.isDisjoint(with: ["openapi", "swagger"])
  }

  private struct MemberNames: Decodable {
    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    let names: Set<String>

    init(from decoder: any Decoder) throws {
      names = Set(try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue))
    }
  }
}
