#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A catalogue as its JSON says, before it is checked. A member of the wrong type is noted, not thrown, so that all
/// mistakes are told.
struct RawCatalog: Decodable {
  struct Operation: Decodable {
    let id: String?
    let method: String?
    let path: String?
    let scopes: [String]?
    let alternatives: [[String]]
    let auth: String?
    let denyOauth: Bool?
    let tags: [String]
    let purges: [String]
    let problems: [(member: String, message: String)]

    init(from decoder: any Decoder) throws {
      var members = try Members(decoder)
      id = members.take("id")
      method = members.take("method")
      path = members.take("path")
      scopes = members.take("scopes")
      alternatives = members.take("alternatives", isRequired: false) ?? []
      auth = members.take("auth")
      denyOauth = members.take("denyOauth", isRequired: false)
      tags = members.take("tags", isRequired: false) ?? []
      purges = members.take("purges", isRequired: false) ?? []
      problems = members.finish()
    }
  }

  let version: Int?
  let name: String?
  let operations: [Operation]
  let groups: [String: [String]]
  let deprecatedGroups: [String]
  let problems: [(member: String, message: String)]

  init(from decoder: any Decoder) throws {
    var members = try Members(decoder)
    version = members.take("version")
    name = members.take("name")
    let _: String? = members.take("source", isRequired: false)
    operations = members.take("operations") ?? []
    groups = members.take("groups", isRequired: false) ?? [:]
    deprecatedGroups = members.take("deprecatedGroups", isRequired: false) ?? []
    problems = members.finish()
  }

  /// nil after reporting that the bytes are no JSON of a catalogue.
  static func decode(_ json: [UInt8], issues: IssueCollector, position: SourcePosition) -> RawCatalog? {
    do {
      return try JSONDecoder().decode(RawCatalog.self, from: Data(json))
    } catch {
      issues.append(
        ConfigurationIssue(
          position: position, path: "", message: "the catalogue is no JSON object, or its operations are none",
          hint: "write {\"version\":1,\"name\":\"...\",\"operations\":[...]}"))
      return nil
    }
  }
}

/// The members of one JSON object, taken by name; what is left over is unknown.
private struct Members {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private let container: KeyedDecodingContainer<Key>
  private var known: [String] = []
  private var problems: [(member: String, message: String)] = []

  init(_ decoder: any Decoder) throws {
    container = try decoder.container(keyedBy: Key.self)
  }

  mutating func take<Value: Decodable>(_ name: String, isRequired: Bool = true) -> Value? {
    known.append(name)
    let key = Key(stringValue: name)
    guard container.contains(key) else {
      if isRequired { problems.append((name, "is missing")) }
      return nil
    }
    do {
      return try container.decode(Value.self, forKey: key)
    } catch {
      problems.append((name, "is of the wrong type; config/README.md lists the members of a catalogue"))
      return nil
    }
  }

  func finish() -> [(member: String, message: String)] {
    let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
    return problems + unknown.map { ($0, "unknown member; known members: \(known.joined(separator: ", "))") }
  }
}
