import HTTPWire
import Testing

@testable import ResponseCaching

/// Cache-Control as it is read: strictly where it allows, with an open ear where it forbids (RFC 9111 sections 4.2.1, 5.2).
@Suite struct DirectiveTests {
  private func response(_ text: String) -> ResponseDirectives {
    var control = ResponseDirectives()
    Array(text.utf8).withUnsafeBytes { control.read($0) }
    return control
  }

  private func request(_ text: String) -> RequestDirectives {
    var control = RequestDirectives()
    Array(text.utf8).withUnsafeBytes { control.read($0) }
    return control
  }

  @Test func namesHaveNoCaseAndListsMayHaveHoles() {
    #expect(response("max-age=5,,no-STORE , ") == response("No-Store,MAX-AGE=5"))
    #expect(response(",, ,private , ").isPrivate)
    #expect(response("no-storex, xno-store, no-store-, stale-while-revalid=3") == ResponseDirectives())
  }

  /// Section 5.2: both forms of an argument are read.
  @Test func argumentsMayBeQuoted() {
    #expect(response("max-age=\"7\"").maxAge == 7)
    #expect(response("x=\"no-store, \\\" private\", no-cache") == response("no-cache"))
  }

  /// Section 5.2.3: what is not known is ignored, and what it stands beside counts.
  @Test(arguments: ["foo", "foo=1", "foo=\"no-store, private\"", "community=\"UCI\"", "no-transform", "immutable"])
  func unknownDirectivesAreIgnored(directive: String) {
    for known in ["max-age=60", "private", "no-store", "must-revalidate, s-maxage=3"] {
      #expect(
        response("\(directive), \(known)") == response(known) && response("\(known), \(directive)") == response(known))
    }
    for known in ["max-age=60", "no-cache", "max-stale"] {
      #expect(request("\(directive), \(known)") == request(known) && request("\(known),\(directive)") == request(known))
    }
  }

  /// Section 4.2.1.
  @Test(arguments: [
    "max-age=x", "max-age=-1", "max-age=1.5", "max-age=", "max-age", "max-age=\"", "max-age = 5", "max-age =5",
    "max-age= 5", "max-age='5'", "max-age=5;a", "max-age=\"5", "max-age=0x5", "max-age=+5", "max-age=5 6",
  ])
  func anInvalidAgeIsNone(text: String) {
    let read = response(text)
    #expect(read.maxAge == 0 || read.noStore)
    #expect(request(text).maxAge == 0 || request(text).noStore)
    let shared = response("s-" + text.replacing("max-age", with: "maxage"))
    #expect(shared.sharedMaxAge == 0 || shared.noStore)
    #expect(!shared.allowsSharing)
  }

  /// Section 4.2.1: when two values disagree, the response counts as stale.
  @Test func agesThatDisagreeAreNone() {
    #expect(response("max-age=7, max-age=3").maxAge == 0)
    #expect(response("max-age=7, max-age=7").maxAge == 7)
    #expect(response("s-maxage=1, s-maxage=x").sharedMaxAge == 0)
    #expect(response("max-age=0, max-age=5, max-age=5").maxAge == 0)
  }

  /// Section 1.2.2.
  @Test func aLongTimeIsACentury() {
    #expect(response("max-age=99999999999999999999999").maxAge == 3_153_600_000)
    #expect(response("max-age=0005").maxAge == 5)
  }

  @Test(arguments: ["\"no-store", "private;max-age=5", "a b", "=5", "max-age=5, x=\"y, no-cache", "(no-store)"])
  func whatCannotBeReadForbids(text: String) {
    #expect(response(text).noStore)
    #expect(request(text).noStore)
    #expect(!response("must-understand, " + text).mustUnderstand)
  }

  @Test func thereIsABound() {
    #expect(!response(Array(repeating: "a", count: 64).joined(separator: ",")).noStore)
    #expect(response(Array(repeating: "a", count: 65).joined(separator: ",")).noStore)
  }

  /// An argument where none belongs forbids all the same, and allows nothing.
  @Test func argumentsThatDoNotBelong() {
    #expect(response("no-store=1").noStore)
    #expect(response("must-revalidate=1").mustRevalidate)
    #expect(!response("must-revalidate=1, public=1, must-understand=1").allowsSharing)
    #expect(!response("public=1, must-understand=1").isPublic)
    for text in ["public", "must-revalidate", "s-maxage=1"] { #expect(response(text).allowsSharing) }
    #expect(!response("max-age=5, proxy-revalidate").allowsSharing)
  }

  /// Sections 5.2.2.4 and 5.2.2.7: with a list only these fields are meant.
  @Test func qualifiedForms() {
    let read = response("no-cache=\"Set-Cookie, x-a\", private=x-b")
    #expect(!read.noCache && !read.isPrivate)
    #expect(read.noCacheFields == FieldSelection(["set-cookie", "X-A"]))
    #expect(read.privateFields == FieldSelection(["x-b"]))
    for text in [
      "private=", "private=\"\"", "private=\"a b\"", "private=\"a,(b)\"", "private=\"(b),a\"", "private, private=a",
    ] {
      #expect(response(text).isPrivate, "\(text)")
    }
    let many = (0..<17).map { "a\($0)" }.joined(separator: ",")
    #expect(response("no-cache=\"\(many)\"").noCache)
  }

  /// Section 5.2.1.
  @Test func requestsAreReadTheStrictWay() {
    #expect(request("max-stale").maxStale == DeltaSeconds.most)
    #expect(request("max-stale, max-stale=3").maxStale == 3)
    #expect(request("max-stale=x").maxStale == 0)
    #expect(request("min-fresh=x").minFresh == DeltaSeconds.most)
    #expect(request("min-fresh=3, min-fresh=9").minFresh == 9)
    #expect(request("max-age=3, max-age=9").maxAge == 3)
  }

  /// RFC 9213 section 2.1: a targeted field is a dictionary of structured fields and nothing looser.
  @Test(
    arguments: [
      ("max-age=60", true), ("max-age=60, no-store", true), ("max-age=60;x=1;y", true),
      ("a=(1 2);b, c=:YQ==:, d=?0", true),
      ("a=\"b\\\"c\", e=to/ken, f=-1.5", true), ("a=1,  b", true), ("", false), ("MAX-AGE=60", false),
      ("max-age =60", false),
      ("max-age=60,", false), ("a=\"b", false), ("a=1.2345", false), ("a=1234567890123456", false), ("a;;", false),
      ("a=?2", false), ("a=(1", false), ("a b", false), ("a=\"\\n\"", false), ("a=@1", false), ("a=", false),
    ] as [(String, Bool)])
  func structuredDictionaries(text: String, isValid: Bool) {
    let isRead = Array(text.utf8).withUnsafeBytes { StructuredDictionary.forEach(in: $0) { _, _ in } }
    #expect(isRead == isValid)
  }
}
