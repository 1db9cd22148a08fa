import Testing
import UserApiTokens

@testable import GatewayKit
@testable import TokenRegistry

/// What a list says of an id, and what becomes of it when it is read anew.
@Suite struct ListTests {
  private static let active = ListedToken(isActive: true, expiry: .max)
  private static let inactive = ListedToken(isActive: false, expiry: .max)

  private static func list(_ tokens: [String: ListedToken], owner: String? = "ann", most: Int = 100) -> TokenList {
    TokenList(version: 1, ownerID: owner, tokens: tokens, vanished: BoundedIDs(most: most), began: 0)
  }

  private static func reading(_ tokens: [String: ListedToken], isTorn: Bool = false) -> Reading {
    Reading(began: 5, ownerID: "ann", tokens: tokens, mark: nil, isTorn: isTorn)
  }

  @Test func standings() {
    let ending = ListedToken(isActive: true, expiry: 7)
    let list = Self.list(["a": Self.active, "i": Self.inactive, "e": ending])
    for rule in TokenRegistrySettings.Unlisted.allCases {
      for subject in ["ann", "bob"] {
        #expect(list.standing(of: "a", subject: subject, unlisted: rule) == .active(until: .max))
        #expect(list.standing(of: "i", subject: subject, unlisted: rule) == .inactive)
        #expect(list.standing(of: "e", subject: subject, unlisted: rule) == .active(until: 7))
      }
    }
    #expect(list.standing(of: "x", subject: "ann", unlisted: .owner) == .unlisted)
    #expect(list.standing(of: "x", subject: "bob", unlisted: .owner) == .uncovered)
    #expect(list.standing(of: "x", subject: "bob", unlisted: .deny) == .unlisted)
    #expect(list.standing(of: "x", subject: "ann", unlisted: .allow) == .uncovered)
    #expect(list.standing(of: "", subject: "ann", unlisted: .owner) == .unlisted)
  }

  @Test func whatIsGoneIsDeletedAndWhatComesBackIsNot() throws {
    let first = Self.list(["a": Self.active, "b": Self.active])
    let second = try #require(first.replaced(by: Self.reading(["a": Self.active])))
    #expect(second.version == 2 && second.confirmed == 5)
    #expect(second.standing(of: "b", subject: "bob", unlisted: .allow) == .deleted)
    let third = try #require(second.replaced(by: Self.reading(["a": Self.active, "b": Self.inactive])))
    #expect(third.standing(of: "b", subject: "bob", unlisted: .allow) == .inactive)
    #expect(!third.vanished.contains("b"))
  }

  @Test func anEqualReadingIsNoNewList() {
    #expect(Self.list(["a": Self.active]).replaced(by: Self.reading(["a": Self.active])) == nil)
  }

  @Test func aTornReadingTakesNothingAway() throws {
    let first = Self.list(["a": Self.active, "b": Self.active])
    let torn = try #require(first.replaced(by: Self.reading(["a": Self.inactive, "c": Self.active], isTorn: true)))
    #expect(torn.standing(of: "a", subject: "", unlisted: .allow) == .inactive)
    #expect(torn.standing(of: "b", subject: "", unlisted: .allow) == .active(until: .max))
    #expect(torn.standing(of: "c", subject: "", unlisted: .allow) == .active(until: .max))
  }

  @Test func boundedIDsForgetTheOldest() {
    var ids = BoundedIDs(most: 3)
    for id in ["a", "b", "c", "a", "d"] { ids.insert(id) }
    #expect(!ids.contains("a") && ids.contains("b") && ids.contains("c") && ids.contains("d") && ids.count == 3)
    ids.remove { $0 == "c" }
    ids.insert("a")
    #expect(ids.contains("b") && ids.contains("d") && ids.contains("a") && !ids.contains("c"))
    ids.insert("e")
    #expect(!ids.contains("b") && ids.count == 3)
    for index in 0..<1000 { ids.insert("\(index)") }
    #expect(ids.count == 3 && ids.contains("997") && ids.contains("999") && !ids.contains("996"))
  }

  @Test func theMemoKeepsTokensAndVersionsApart() {
    func identity(_ id: String, _ subject: String = "ann") -> Identity {
      // All have the same place in the table.
      let print = Fingerprint(1, 2, 3, 4)
      return Identity(
        fingerprint: print, subject: subject, kind: "", issuer: "", tokenID: id, scopes: [], scopesFingerprint: print,
        expiry: .max)
    }
    var memo = JudgementMemo()
    #expect(memo.standing(of: identity("", ""), version: 1) == nil)
    memo.insert(.inactive, of: identity("a"), version: 1)
    #expect(memo.standing(of: identity("a"), version: 1) == .inactive)
    #expect(memo.standing(of: identity("a"), version: 2) == nil)
    #expect(memo.standing(of: identity("b"), version: 1) == nil)
    #expect(memo.standing(of: identity("a", "bob"), version: 1) == nil)
    memo.insert(.deleted, of: identity("b"), version: 1)
    #expect(memo.standing(of: identity("b"), version: 1) == .deleted)
    #expect(memo.standing(of: identity("a"), version: 1) == nil)
  }

  @Test func theMemoGrowsWithTheTokens() {
    func identity(_ number: UInt64) -> Identity {
      let print = Fingerprint(number, 0, 0, 0)
      return Identity(
        fingerprint: print, subject: "ann", kind: "", issuer: "", tokenID: "\(number)", scopes: [],
        scopesFingerprint: print, expiry: .max)
    }
    var memo = JudgementMemo()
    for _ in 0..<10 { for number: UInt64 in 0..<5000 { memo.insert(.inactive, of: identity(number), version: 1) } }
    let known = (0..<5000).count { memo.standing(of: identity($0), version: 1) != nil }
    #expect(known == 4096)
  }

  @Test func pages() throws {
    func page(_ ids: [String], total: Int?) -> ApiTokens {
      var page = ApiTokens(items: ids.map { ApiToken(id: $0) })
      page.totalCount = total
      page.ownerId = "ann"
      return page
    }
    func collected(_ pages: [ApiTokens], most: Int = 10) throws -> PageCollector {
      var collector = PageCollector(perPage: 2, mostTokens: most)
      for page in pages {
        try #require(!collector.isComplete)
        try collector.take(page)
      }
      return collector
    }
    let whole = try collected([page(["a", "b"], total: 3), page(["c"], total: 3)])
    #expect(whole.isComplete && !whole.isTorn && whole.tokens.count == 3 && whole.ownerID == "ann")
    #expect(try !collected([page(["a"], total: 3)]).isComplete, "the API may give fewer than were asked for")
    #expect(try collected([page(["a", "b"], total: 3), page(["b"], total: 3)]).isTorn)
    #expect(try collected([page(["a", "b"], total: 3), page(["c", "d"], total: 4)]).isTorn)
    #expect(try collected([page(["a", "b"], total: 3), page([], total: 3)]).isTorn)
    #expect(try collected([page([], total: 0)]).isComplete)
    #expect(try collected([page(["a", "b"], total: nil), page(["c"], total: nil)]).isComplete)
    #expect(throws: ReadingProblem.self) { try collected([page(["a", "b"], total: 2)], most: 1) }
    #expect(throws: ReadingProblem.self) { try collected([page(["a"], total: 11)]) }
    #expect(throws: ReadingProblem.self) { try collected([page(["a"], total: 9), page(["a"], total: 9)]) }
  }
}
