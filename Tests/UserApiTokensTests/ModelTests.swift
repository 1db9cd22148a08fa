import Foundation
import Testing
import UserApiTokens

@Suite struct ModelTests {
  static let sample = #"""
    {"id":"575ec7417ae143cd83dc4a95","apiTokenId":"575ec7417ae143cd83dc4a95","name":"n","description":"d",
    "status":"paused","scope":["a","b"],"expirationDate":"2030-01-01T00:00:00.000Z","defaultRole":"edit",
    "orgRoles":[{"orgId":"sandbox","role":"king","applicationRoles":[{"resourceId":"r","role":"view"}]}],
    "ownerId":"o","ownerType":"user","creatorId":"c","creatorType":"robot","creatorName":"cn",
    "creationDate":"2020-02-29T12:34:56.789Z","lastUpdated":"2020-02-29T12:34:56.789Z","token":"SECRET",
    "_links":{"self":{"href":"/me"}},"_actions":{"x":1},"_embedded":{},"_type":"apiToken","new":{"deep":[1]}}
    """#

  private func decode(_ text: String) throws -> ApiToken {
    try JSONDecoder().decode(ApiToken.self, from: Data(text.utf8))
  }

  @Test func everyMemberIsRead() throws {
    let token = try decode(Self.sample)
    #expect(token.status == .other("paused") && token.creatorType == .other("robot"))
    #expect(token.orgRoles?.first?.role == .other("king"))
    #expect(token.orgRoles?.first?.applicationRoles == [.init(resourceId: "r", role: .view)])
    #expect(token.defaultRole == .edit && token.ownerType == .user)
    #expect(token.expirationDate == Date(timeIntervalSince1970: 1_893_456_000))
    #expect(token.links?["self"]?.href == "/me")
    #expect(token.additional["new"]?["deep"] == .array([.integer(1)]))
    #expect(token.token?.reveal() == "SECRET")
  }

  @Test func writtenAsItWasRead() throws {
    let value = { (data: Data) in try JSONDecoder().decode(JSONValue.self, from: data) }
    let written = try JSONEncoder().encode(try decode(Self.sample))
    let expected = try value(Data(Self.sample.utf8))
    #expect(try value(written) == expected)
  }

  @Test func aTokenNeedsAnIdOnly() throws {
    #expect(try decode(#"{"apiTokenId":"x"}"#).id == "x")
    #expect(throws: DecodingError.self) { try decode(#"{"name":"x"}"#) }
  }

  @Test func theSecretNeverShows() throws {
    let token = try decode(Self.sample)
    var dumped = ""
    dump(token, to: &dumped)
    for text in ["\(token)", String(reflecting: token), dumped, "\([token.token])"] {
      #expect(!text.contains("SECRET"))
      #expect(text.contains("redacted") || text == dumped)
    }
  }

  @Test(arguments: [("asc", SortDirection.ascending), ("DESC", .descending), ("", .other("")), ("up", .other("up"))])
  func sortDirections(_ word: String, _ expected: SortDirection) {
    #expect(SortDirection(rawValue: word) == expected)
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00.000Z", 0.0), ("2000-02-29T23:59:59Z", 951_868_799), ("1969-12-31T23:59:59.5Z", -0.5),
    ("2030-01-01t02:00:00+02:00", 1_893_456_000), ("2016-12-31T23:59:60Z", 1_483_228_800),
    ("2020-01-01T00:00:00.123456789Z", 1_577_836_800.123),
  ])
  func datesThatAreRead(_ text: String, _ seconds: Double) {
    #expect(WireDate.date(text) == Date(timeIntervalSince1970: seconds))
  }

  @Test(arguments: [
    "", "2030", "2030-01-01", "2030-13-01T00:00:00Z", "2030-02-29T00:00:00Z", "2030-01-01T24:00:00Z",
    "2030-01-01T00:00:00", "2030-01-01T00:00:00.Z", "2030-01-01T00:00:00.1234567890Z", "2030-01-01T00:00:00Zx",
    "2030-01-00T00:00:00Z", "+030-01-01T00:00:00Z", "2030-01-01T00:00:00+24:00", "２030-01-01T00:00:00Z",
  ])
  func datesThatAreNot(_ text: String) { #expect(WireDate.date(text) == nil) }

  @Test func datesAreWrittenAsFoundationWritesThem() throws {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for day in stride(from: -700_000, through: 2_900_000, by: 137) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 12_345.25)
      let text = WireDate.text(date)
      #expect(WireDate.date(text) == date)
      if day > -100_000 { #expect(text == date.formatted(style)) }
    }
  }

  @Test(arguments: [-1e300, 1e300, .infinity, -.infinity, .nan])
  func datesWithoutText(_ seconds: Double) {
    #expect(WireDate.text(Date(timeIntervalSince1970: seconds)).utf8.count == 24)
  }
}
