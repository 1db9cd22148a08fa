import Foundation
import GatewayConfig
import GatewayKit
import Testing

/// OpenAPI documents as catalogues.
@Suite struct OpenAPITests {
  private static let petstore = """
    openapi: 3.1.0
    info: { title: Petstore, version: 1.0.0, description: "costs ${PRICE}, *really*" }
    servers:
      - url: https://api.pets.example/v1
      - url: "{scheme}://{host}/{base}/"
        variables:
          scheme: { default: https }
          host: { default: other.example }
          base: { default: v2 }
    security:
      - petAuth: [read:pets]
    x-anything: { deep: [1, 2, { three: ~ }] }
    paths:
      /pets:
        summary: All of them.
        parameters: [{ name: limit, in: query, schema: { type: integer } }]
        get:
          operationId: listPets
          x-cache-tags: [pets]
          responses: { 200: { description: ok } }
        post:
          operationId: createPets
          x-deny-oauth: true
          x-cache-purges: [pets, shelves]
          security:
            - petAuth: [write:pets, read:pets]
            - admin: []
              petAuth: [admin:pets]
            - key: []
      /pets/{pet.id}/:
        get: { operationId: showPet, security: [{ petAuth: [read:pets] }, { petAuth: [write:pets] }] }
        delete: { security: [{ key: [] }] }
      /login:
        post: { operationId: login, security: [] }
      /news:
        get: { operationId: news, security: [{}, { petAuth: [read:pets] }] }
      /status:
        $ref: '#/components/pathItems/Status'
    webhooks: { newPet: { post: {} } }
    components:
      pathItems:
        Status: { $ref: '#/components/pathItems/Real~1Status' }
        Real/Status:
          servers: [{ url: / }]
          head: { operationId: status, security: [{ bearer: [] }] }
      securitySchemes:
        petAuth: { type: oauth2, flows: {} }
        admin: { type: openIdConnect, openIdConnectUrl: https://id.example }
        bearer: { type: http, scheme: Bearer }
        key: { type: apiKey, name: x-key, in: header }
        alias: { $ref: '#/components/securitySchemes/key' }
    """

  private func load(_ text: String) throws(ConfigurationError) -> OperationCatalog {
    try CatalogFile.load(Array(text.utf8), file: "api.yaml")
  }

  private func issues(_ text: String) -> [String] {
    do {
      _ = try load(text)
      return []
    } catch {
      return error.issues.map(\.description)
    }
  }

  @Test func aWholeDocumentIsRead() throws {
    let catalog = try load(Self.petstore)
    #expect(catalog.name == "Petstore")
    let found = Dictionary(uniqueKeysWithValues: catalog.operations.map { ($0.id, $0) })
    #expect(
      Set(found.keys) == [
        "listPets", "createPets", "showPet", "DELETE /pets/{pet.id}", "login", "news", "status",
      ])
    let list = try #require(found["listPets"])
    #expect(list.method == "GET" && list.pathTemplate == "/pets" && list.basePaths == ["/v1", "/v2"])
    #expect(list.scopes == ["read:pets"] && list.alternatives.isEmpty && list.requiresToken && !list.deniesOAuth)
    let create = try #require(found["createPets"])
    #expect(create.scopes == ["admin:pets"] && create.alternatives == [["write:pets", "read:pets"]])
    #expect(create.deniesOAuth && create.unverifiable == ["key (apiKey)"] && !create.isDeniedToAll)
    #expect(list.tags == [Array("pets".utf8)] && list.purges.isEmpty && create.tags.isEmpty)
    #expect(create.purges == ["pets", "shelves"].map { Array($0.utf8) })
    let show = try #require(found["showPet"])
    #expect(show.pathTemplate == "/pets/{pet.id}" && show.scopes == ["read:pets", "write:pets"])
    #expect(found["DELETE /pets/{pet.id}"]?.isDeniedToAll == true)
    #expect(found["login"]?.requiresToken == false && found["news"]?.requiresToken == false)
    let status = try #require(found["status"])
    #expect(status.basePaths == [""] && status.alternatives == [[]] && status.method == "HEAD")
  }

  @Test func jsonIsReadAlike() throws {
    let json = #"""
      {"openapi":"3.0.3","info":{"title":"J"},"paths":{"/a/{b}":{"get":{"security":[{"o":["s"]}]},"put":{}}},
       "components":{"securitySchemes":{"o":{"type":"oauth2"}}}}
      """#
    let catalog = try load(json)
    #expect(catalog.operations.map(\.id) == ["GET /a/{b}", "PUT /a/{b}"])
    #expect(catalog.operations[0].scopes == ["s"] && catalog.operations[0].statesSecurity)
    #expect(!catalog.operations[1].statesSecurity && !catalog.operations[1].isDeniedToAll)
  }

  @Test func swaggerIsReadToo() throws {
    let catalog = try load(
      """
      swagger: "2.0"
      basePath: /api
      securityDefinitions: { o: { type: oauth2 }, b: { type: basic } }
      security: [{ o: [s] }]
      paths: { /a: { get: {}, put: { security: [{ b: [] }] } } }
      """)
    #expect(catalog.operations[0].basePaths == ["/api"] && catalog.operations[0].scopes == ["s"])
    #expect(catalog.operations[1].isDeniedToAll && catalog.operations[1].unverifiable == ["b (basic)"])
  }

  @Test func ownCataloguesAreReadAsBefore() throws {
    let own = #"""
      {"version":1,"name":"openapi","operations":[
      {"id":"openapi","method":"GET","path":"/a","auth":"token","scopes":["swagger"]}]}
      """#
    #expect(try load(own).name == "openapi")
    #expect(try CatalogFile.load(shippedFolder.appending(path: "catalogs/losant.json").path).operations.count == 380)
    #expect(throws: ConfigurationError.self) { try CatalogFile.load("/nowhere/api.yaml") }
  }

  private static let head = """
    openapi: 3.0.0
    components: { securitySchemes: { o: { type: oauth2 } } }

    """

  /// Each with the line and column where it stands, and what would be right.
  @Test(arguments: [
    (
      "paths: { /a: { get: { security: [{ p: [] }] } } }", "3:36",
      "there is no security scheme of this name; known schemes: o"
    ),
    ("paths: { /a: { get: { security: { o: [] } } } }", "3:33", "expected a list of security requirements"),
    ("paths: { /a: { get: { security: [{ o: s }] } } }", "3:39", "expected a list of scopes"),
    ("paths: { /a: { get: { security: [{ o: ['a b'] }] } } }", "3:40", "is no scope"),
    ("paths: { /a: { get: { security: } } }", "3:33", "expected a list of security requirements, found nothing"),
    ("paths: { /a: { get: { security: [o] } } }", "3:34", "expected a security requirement"),
    ("paths: { a: { get: {} } }", "3:10", "begins with a slash"),
    ("paths: { '/a{b}': { get: {} } }", "3:10", "is only partly a parameter; a parameter is a whole segment"),
    ("paths: { '/{a}.json': { get: {} } }", "3:10", "is only partly a parameter"),
    ("paths: { '/{a=b/*}': { get: {} } }", "3:10", "is only partly a parameter"),
    ("paths: { '/a/*': { get: {} } }", "3:10", "has no meaning in a path of OpenAPI"),
    ("paths: { /a: { GET: {} } }", "3:16", "unknown member of a path item; methods are get"),
    ("paths: { /a: { get: 3 } }", "3:21", "expected an operation"),
    ("paths: { /a: 3 }", "3:14", "expected a path item"),
    ("paths: { /a: { $ref: other.yaml#/a } }", "3:22", "refers to another document"),
    ("paths: { /a: { $ref: '#/components/x' } }", "3:22", "is not in this document"),
    ("paths: { /a: { $ref: '#/paths/~1a' } }", "3:14", "refers to more than 16 others in a row"),
    ("paths: { /a: { $ref: '#/components', get: {} } }", "3:22", "has `get` beside it"),
    ("paths: { /a: { $ref: '#/components', servers: [] } }", "3:22", "has `servers` beside it"),
    ("paths: { '/a/{x}': { get: {} }, '/a/{y}': { get: {} } }", "3:50", "line 3 has the same method and path"),
    ("paths: { /a: { get: {} }, /a/: { get: {} } }", "3:39", "is that of the operation at line 3 too"),
    ("paths: { /a: { get: { operationId: x }, put: { operationId: x } } }", "3:46", "`x` is that of the operation"),
    ("paths: { /a: { get: { operationId: [] } } }", "3:36", "is no name"),
    ("paths: { /a: { get: { x-deny-oauth: yes } } }", "3:37", "is neither true nor false"),
    ("paths: { /a: { get: { x-cache-tags: pets } } }", "3:37", "is no list of tags"),
    ("paths: { /a: { get: { x-cache-purges: [a b] } } }", "3:39", "a name that is no tag"),
    ("paths: {}", "3:8", "the document has no operation"),
    ("paths: []", "3:8", "expected a mapping of paths"),
    ("info: {}", "1:1", "there are no `paths`"),
    ("servers: [{ url: 'https://a/{b}' }]\npaths: { /a: { get: {} } }", "3:18", "has no default"),
    ("servers: [{ url: ../up }]\npaths: { /a: { get: {} } }", "3:18", "has no plain path"),
    ("servers: [{ url: 'https://a/b?c' }]\npaths: { /a: { get: {} } }", "3:18", "has no plain path"),
    ("servers: [{ url: 'https://a/b/../c' }]\npaths: { /a: { get: {} } }", "3:18", "has no plain path"),
    ("servers: [{}]\npaths: { /a: { get: {} } }", "3:11", "a server without `url`"),
    ("paths: { /a: { get: !tag {} } }", "3:21", "tags such as"),
    ("paths: { /a: { get: {}, get: {} } }", "3:16", "stands twice"),
  ])
  func aMistakeIsTold(text: String, place: String, message: String) {
    let found = issues(Self.head + text + "\n")
    let isDuplicate = message.contains("too") && text.contains("/a/:")
    #expect(isDuplicate ? found.count == 2 : found.count == 1, "\(found)")
    #expect(found.contains { $0.hasPrefix("api.yaml:\(place): error: ") && $0.contains(message) }, "\(found)")
  }

  @Test(arguments: [
    ("openapi: 2.0.0\npaths: {}", "is not a version this gateway reads; write 3.0.x or 3.1.x"),
    ("openapi: 4.0.0\npaths: {}", "is not a version"), ("openapi: []", "is not a version"),
    ("swagger: 1.2", "is not a version"), ("swagger: \"2.0\"\n", "there are no `paths`"),
    ("name: x", "neither a catalogue of operations nor an OpenAPI document"), ("[]", "neither a catalogue"),
    ("{\"version\":1 \"a\"}", "neither a catalogue"), ("{", "no valid YAML"), ("", "empty"), ("a: [b", "no valid YAML"),
    (
      "openapi: 3.0.0\ncomponents: { securitySchemes: { o: { type: magic } } }\npaths: { /a: { get: {} } }",
      "api.yaml:2:45: error: components.securitySchemes.o.type: is no kind of security scheme"
    ),
  ])
  func whatIsNoDocumentIsRefused(text: String, message: String) {
    let found = issues(text)
    #expect(found.count == 1 && found.allSatisfy { $0.contains(message) }, "\(found)")
  }

  @Test func allMistakesAreToldAtOnce() {
    let found = issues(
      Self.head + """
        servers: [{ url: up }]
        security: [{ q: [] }]
        paths:
          /a{b}: { get: {} }
          /c: { Get: {}, put: { operationId: '' } }
        """)
    #expect(found.count == 5, "\(found)")
  }

  /// Deep and wide documents end in time: schemas nest, aliases of aliases are bounded.
  @Test func boundsHold() {
    let deep = String(repeating: "{ a: ", count: 100) + "1" + String(repeating: " }", count: 100)
    #expect(issues(Self.head + "x-deep: \(deep)\npaths: { /a: { get: {} } }") == [])
    let deeper = String(repeating: "{ a: ", count: 300) + "1" + String(repeating: " }", count: 300)
    #expect(issues(Self.head + "x-deep: \(deeper)\n").contains { $0.contains("nested deeper than 128 levels") })
    var bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n"
    for level in 1..<12 {
      bomb += "x\(level): &x\(level) [\(Array(repeating: "*x\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    #expect(issues(Self.head + bomb).contains { $0.contains("aliases expand to more than") })
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: (16 << 20) + 1)
    #expect(throws: ConfigurationError.self) { try CatalogFile.load(bytes, file: "large.yaml") }
  }
}
