import Foundation
import GatewayKit
import Testing

/// As much of a JSON Schema as the comparison of its keys with the loader's needs.
private final class Schema: Decodable {
  enum CodingKeys: String, CodingKey {
    case reference = "$ref"
    case properties, items, additionalProperties, anyOf, definitions
  }

  let reference: String?
  let properties: [String: Schema]?
  let items: Schema?
  let anyOf: [Schema]?
  let definitions: [String: Schema]?
  /// What the values of free keys are.
  let others: Schema?
  /// No key but the properties is allowed.
  let isClosed: Bool

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    reference = try values.decodeIfPresent(String.self, forKey: .reference)
    properties = try values.decodeIfPresent([String: Schema].self, forKey: .properties)
    items = try values.decodeIfPresent(Schema.self, forKey: .items)
    anyOf = try values.decodeIfPresent([Schema].self, forKey: .anyOf)
    definitions = try values.decodeIfPresent([String: Schema].self, forKey: .definitions)
    let allowsOthers = try? values.decodeIfPresent(Bool.self, forKey: .additionalProperties)
    isClosed = allowsOthers == false
    others = allowsOthers == nil ? try values.decodeIfPresent(Schema.self, forKey: .additionalProperties) : nil
  }

  var children: [Schema] {
    [items, others].compactMap { $0 } + (properties ?? [:]).values + (anyOf ?? []) + (definitions ?? [:]).values
  }
}

@Suite struct SchemaTests {
  private let root: Schema

  init() throws {
    root = try JSONDecoder().decode(
      Schema.self, from: Data(contentsOf: shippedFolder.appending(path: "gatehouse.schema.json")))
  }

  /// Every mapping that the language has, each with a key that it does not have.
  private static let everywhere = """
    version: 1
    zzz: 1
    listeners: [{ bind: "h:1", zzz: 1, tls: { zzz: 1, certificates: [{ zzz: 1 }] } }]
    admin: { bind: "h:2", zzz: 1, token: { env: T, zzz: 1 } }
    revocations: { zzz: 1 }
    upstreams:
      api:
        zzz: 1
        endpoints: [{ url: "https://a", zzz: 1 }]
        fair: { zzz: 1, weights: {} }
        balance: { hash: path, zzz: 1 }
        ejection: { zzz: 1 }
        health_check: { path: /, zzz: 1 }
        retry: { zzz: 1 }
        tls: { zzz: 1 }
    limits: { zzz: 1 }
    paths: { zzz: 1 }
    timeouts: { zzz: 1 }
    shutdown: { zzz: 1 }
    log: { zzz: 1 }
    stores: { zzz: 1, memory: { zzz: 1 }, cache: { zzz: 1, redis: { url: "redis://h", zzz: 1 } }, redis: { url: "redis://h", zzz: 1, password: { env: P, zzz: 1 } } }
    floor: { use: [], zzz: 1 }
    defaults: { use: [], zzz: 1 }
    domains: [{ name: a, upstream: api, zzz: 1, routes: [{ zzz: 1, match: { path: /, zzz: 1 } }] }]
    """

  @Test func itHasTheKeysOfTheLoader() throws {
    var visited: Set<ObjectIdentifier> = []
    for issue in issues(Self.everywhere, environment: ["P": "x", "T": "0123456789abcdef"]) {
      guard issue.path == "zzz" || issue.path.hasSuffix(".zzz") else { continue }
      let hint = try #require(issue.hint, "\(issue)")
      let known = try #require(hint.split(separator: "known keys: ").last).split(separator: ", ").map(String.init)
      let schema = try #require(mapping(at: issue.path.dropLast(3)), "\(issue.path) has no schema")
      visited.insert(ObjectIdentifier(schema))
      #expect(schema.isClosed, "\(issue.path)")
      #expect((schema.properties ?? [:]).keys.sorted() == known.sorted(), "\(issue.path)")
    }
    let closed = Set(closedSchemas(in: root).map(ObjectIdentifier.init))
    #expect(visited == closed, "a mapping of the schema is not compared: \(visited.count) of \(closed.count)")
  }

  @Test func everyReferenceLeadsSomewhere() {
    var wrong: [String] = []
    func walk(_ schema: Schema) {
      if let reference = schema.reference, resolve(schema) == nil { wrong.append(reference) }
      schema.children.forEach(walk)
    }
    walk(root)
    #expect(wrong == [])
  }

  /// The schema of the mapping at `domains[0].routes[0].`.
  private func mapping(at path: Substring) -> Schema? {
    var schema: Schema? = root
    for step in path.split(separator: ".") {
      let name = String(step.prefix { $0 != "[" })
      schema = schema.flatMap { $0.properties?[name] ?? $0.others }.flatMap(resolve)
      if step.hasSuffix("]") { schema = schema.flatMap { list in option(list) { $0.items } }?.items.flatMap(resolve) }
      schema = schema.flatMap { mapping in option(mapping) { $0.properties ?? $0.others } }
    }
    return schema
  }

  /// The schema itself or the one among its alternatives that has the part.
  private func option(_ schema: Schema, with part: (Schema) -> Any?) -> Schema? {
    guard let schema = resolve(schema) else { return nil }
    if part(schema) != nil { return schema }
    return schema.anyOf?.compactMap { option($0, with: part) }.first
  }

  private func resolve(_ schema: Schema) -> Schema? {
    guard let reference = schema.reference else { return schema }
    guard reference.hasPrefix("#/definitions/") else { return nil }
    return root.definitions?[String(reference.dropFirst("#/definitions/".count))]
  }

  private func closedSchemas(in schema: Schema) -> [Schema] {
    (schema.isClosed ? [schema] : []) + schema.children.flatMap(closedSchemas)
  }
}
