import Foundation
import GatewayTesting
import NIOCore
import Testing
import TokenService
import UserApiTokens

@testable import GatewayKit
@testable import TokenRegistry

/// The plugin and a real token service over loopback.
@Suite(.timeLimit(.minutes(1))) struct FollowingTests {
  let clock = TestClock()

  @Test func inactiveAndDeletedTokensAreRefusedOnEveryLoop() async throws {
    try await API.with(clock: clock) { api in
      let (kept, stopped, deleted) = (try await api.make(), try await api.make(), try await api.make())
      try await Rig.with(api, clock: clock) { rig async throws in
        for id in [kept, stopped, deleted] { #expect(try await rig.judgeOnAllLoops(id, api.user.id) == "next") }
        try await api.deactivate(stopped)
        try await api.client.userApiToken.delete(apiTokenId: deleted)
        #expect(try await rig.judgeOnAllLoops(stopped, api.user.id) == "next", "nobody has asked the API yet")
        try await rig.advance(10)
        #expect(try await rig.judgeOnAllLoops(kept, api.user.id) == "next")
        #expect(try await rig.judgeOnAllLoops(stopped, api.user.id) == "token_registry_inactive")
        #expect(try await rig.judgeOnAllLoops(deleted, api.user.id) == "token_registry_deleted")
        #expect(rig.value("refusals", reason: "token_registry_inactive") == 2)
        #expect(rig.value("refusals", reason: "token_registry_deleted") == 2)
        #expect(rig.plugin.registry.count == 3 && rig.plugin.registry.age == 0)
        _ = try await api.client.userApiToken.patch(apiTokenId: stopped, ApiTokenPatch(status: .active))
        try await rig.advance(10)
        #expect(try await rig.judgeOnAllLoops(stopped, api.user.id) == "next")
        #expect(try await rig.judgeOnAllLoops(deleted, api.user.id) == "token_registry_deleted")
      }
    }
  }

  @Test func anExpiredTokenIsRefusedToTheNanosecond() async throws {
    try await API.with(clock: clock) { api in
      let ends = Date(timeIntervalSince1970: Double(clock.wall() / 1_000_000_000) + 5)
      let id = try await api.make(expires: ends)
      try await Rig.with(api, clock: clock) { rig async throws in
        #expect(try await rig.judge(id, api.user.id) == "next")
        clock.advance(by: .nanoseconds(4_999_999_999))
        #expect(try await rig.judge(id, api.user.id) == "next")
        clock.advance(by: .nanoseconds(1))
        #expect(try await rig.judgeOnAllLoops(id, api.user.id) == "token_registry_expired")
      }
    }
  }

  @Test func aTokenMadeAfterTheLastReadingWaitsForTheNext() async throws {
    try await API.with(clock: clock) { api in
      try await Rig.with(api, clock: clock) { rig async throws in
        let young = try await api.make()
        #expect(try await rig.judge(young, api.user.id) == "waited next")
        #expect(try await rig.judgeOnAllLoops(young, api.user.id) == "next")
        #expect(rig.value("readings") == 2)
      }
    }
  }

  @Test func aTokenThatAReadingDidNotBringWaitsOnce() async throws {
    try await API.with(clock: clock) { api in
      try await Rig.with(api, clock: clock) { rig async throws in
        #expect(try await rig.judge("never", api.user.id) == "waited token_registry_unlisted")
        #expect(try await rig.judgeOnAllLoops("never", api.user.id) == "token_registry_unlisted")
        #expect(try await rig.judge("", api.user.id) == "token_registry_unlisted", "there is nothing to look for")
        // Another begins no second reading within the second, and is asked again after it.
        let other = try await rig.ask("other", api.user.id)
        #expect(rig.value("readings") == 2)
        clock.advance(by: .seconds(1))
        rig.plugin.registry.waker.yield()
        #expect(try await other.get() == "waited token_registry_unlisted")
        #expect(rig.value("readings") == 3)
      }
    }
  }

  @Test func manyWhoWaitShareOneReadingAndAreBounded() async throws {
    try await API.with(clock: clock) { api in
      try await Rig.with(api, clock: clock) { rig async throws in
        #expect(try await rig.judge("first", api.user.id) == "waited token_registry_unlisted")
        let waiting = try await withThrowingTaskGroup { group in
          for index in 0..<TokenRegistry.mostWaiters {
            group.addTask { try await rig.ask("id \(index)", api.user.id, loop: index % 2) }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(try await rig.judge("one more", api.user.id) == "token_registry_busy")
        clock.advance(by: .seconds(1))
        rig.plugin.registry.waker.yield()
        for end in waiting { #expect(try await end.get() == "waited token_registry_unlisted") }
        #expect(rig.value("readings") == 3)
      }
    }
  }

  @Test(arguments: [("owner", "next"), ("allow", "next"), ("deny", "waited token_registry_unlisted")])
  func tokensOfOthers(unlisted: String, verdict: String) async throws {
    try await API.with(clock: clock) { api in
      let other = try api.service.seedUser(name: "bob")
      let token = try await api.service.issueToken(for: other, name: "b", scopes: ["all.User"])
      try await Rig.with(api, [("unlisted", unlisted)], clock: clock) { rig async throws in
        #expect(try await rig.judge(token.record.id, other.id) == verdict)
      }
    }
  }

  @Test func allowLetsAnUnlistedTokenOfTheOwnerPassButNoDeletedOne() async throws {
    try await API.with(clock: clock) { api in
      let id = try await api.make()
      try await Rig.with(api, [("unlisted", "allow")], clock: clock) { rig async throws in
        #expect(try await rig.judge("never", api.user.id) == "next")
        try await api.client.userApiToken.delete(apiTokenId: id)
        try await rig.advance(10)
        #expect(try await rig.judgeOnAllLoops(id, api.user.id) == "token_registry_deleted")
      }
    }
  }

  @Test func manyPagesAreProbedForChange() async throws {
    try await API.with(clock: clock) { api in
      var ids: [String] = []
      for index in 0..<7 { ids.append(try await api.make("t\(index)")) }
      clock.advance(by: .seconds(5))
      let tuning = ListReader.Tuning(perPage: 3, shortList: 0)
      try await Rig.with(api, [("full_every", "40s")], clock: clock, tuning: tuning) { rig async throws in
        for id in ids { #expect(try await rig.judge(id, api.user.id) == "next") }
        #expect(rig.plugin.registry.count == 8 && rig.value("readings") == 1)
        try await rig.advance(10)
        #expect(rig.value("readings") == 1, "a probe has found nothing new")
        try await api.deactivate(ids[4])
        try await rig.advance(10)
        #expect(rig.value("readings") == 2)
        #expect(try await rig.judgeOnAllLoops(ids[4], api.user.id) == "token_registry_inactive")
        try await api.client.userApiToken.delete(apiTokenId: ids[0])
        try await rig.advance(10)
        #expect(try await rig.judgeOnAllLoops(ids[0], api.user.id) == "token_registry_deleted")
        for id in ids where id != ids[0] && id != ids[4] { #expect(try await rig.judge(id, api.user.id) == "next") }
        // Nothing changes any more: within 40 s there is one more whole reading all the same.
        let readings = rig.value("readings")
        for _ in 0..<4 { try await rig.advance(10) }
        #expect(rig.value("readings") > readings)
      }
    }
  }

  @Test func whenTheAPIIsDownTheLastListStandsUntilItIsTooOld() async throws {
    let folder = try TemporaryFolder()
    let database = TokenService.Configuration.Storage.file("\(folder.path)/tokens.sqlite")
    var (port, id, user) = (0, "", "")
    var rig: Rig?
    try await API.with(clock: clock, database: database) { api in
      id = try await api.make()
      (port, user) = (try #require(URL(string: api.url)?.port), api.user.id)
      let made = try Rig(
        settings([("api", api.url), ("max_age", "60s")], environment: ["TOKEN": api.admin.secret.reveal()]),
        clock: clock)
      rig = made
      try await made.plugin.start()
    }
    let followed = try #require(rig)
    do {
      try await goThroughAnOutage(followed, id, user, port: port, database)
    } catch {
      await followed.plugin.shutdown()
      throw error
    }
    await followed.plugin.shutdown()
  }

  private func goThroughAnOutage(
    _ rig: Rig, _ id: String, _ user: String, port: Int, _ database: TokenService.Configuration.Storage
  ) async throws {
    for _ in 0..<3 { try await rig.advance(15) }
    #expect(rig.value("failures") >= 2)
    #expect(try await rig.judge(id, user) == "next")
    #expect(rig.plugin.registry.age == 45)
    #expect(
      try await rig.judge("young", user) == "token_registry_stale", "nobody can tell whether there is such a token")
    try await rig.advance(60)
    #expect(try await rig.judgeOnAllLoops(id, user) == "token_registry_stale")
    #expect(try await rig.judge("of another", "somebody else") == "next", "the list has no say in it")
    #expect(try await rig.log.count(of: "cannot be read") == 1)
    try await API.with(clock: clock, port: port, database: database) { _ in
      try await rig.advance(60)
      #expect(try await rig.judgeOnAllLoops(id, user) == "next")
      #expect(try await rig.log.count(of: "followed again") == 1)
    }
  }

  @Test func theDomainIsSent() async throws {
    try await API.with(clock: clock, domain: "tenant.example") { api in
      try await Rig.with(api, [("domain", "tenant.example")], clock: clock) { rig async throws in
        #expect(try await rig.judge(api.admin.record.id, api.user.id) == "next")
      }
      await #expect(throws: ReadingProblem.self) {
        try await Rig.with(api, [("domain", "other.example")], clock: clock) { _ in }
      }
    }
  }

  @Test func aRefusedServiceTokenFailsTheStartAndIsNotTold() async throws {
    try await API.with(clock: clock) { api in
      let secret = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2VjcmV0"
      let rig = try Rig(settings([("api", api.url)], environment: ["TOKEN": secret]), clock: clock)
      let problem = await #expect(throws: ReadingProblem.self) { try await rig.plugin.start() }
      let text = problem?.description ?? ""
      #expect(text.contains("401") && text.contains(api.url) && !text.contains("eyJ"))
    }
  }

  @Test func aRenewedTokenInItsFileIsReadWhenTheOldOneIsRefused() async throws {
    try await API.with(clock: clock) { api in
      let folder = try TemporaryFolder()
      let old = try await api.service.issueToken(for: api.user, name: "old", scopes: ["userApiTokens.get"])
      let file = try folder.write("token", old.secret.reveal() + "\n")
      try await Rig.with(settings([("api", api.url)], token: ("file", file)), clock: clock) { rig async throws in
        try await api.deactivate(old.record.id)
        try await rig.advance(10)
        #expect(rig.value("failures") == 1)
        let new = try await api.service.issueToken(for: api.user, name: "new", scopes: ["userApiTokens.get"])
        _ = try folder.write("token", new.secret.reveal() + "\n")
        try await rig.advance(60)
        #expect(rig.value("failures") == 1)
        #expect(try await rig.judge(old.record.id, api.user.id) == "token_registry_inactive")
        #expect(try await rig.judge(new.record.id, api.user.id) == "next")
        #expect(!rig.log.all.contains { $0.contains(old.secret.reveal()) || $0.contains(new.secret.reveal()) })
      }
    }
  }

  @Test func aListThatIsTooLargeFailsTheStartAndLaterKeepsTheLastOne() async throws {
    try await API.with(clock: clock) { api in
      let id = try await api.make()
      await #expect(throws: ReadingProblem.self) {
        try await Rig.with(api, [("most_tokens", "1")], clock: clock) { _ in }
      }
      try await Rig.with(api, [("most_tokens", "2")], clock: clock) { rig async throws in
        _ = try await api.make()
        try await api.deactivate(id)
        try await rig.advance(10)
        #expect(rig.value("failures") == 1 && rig.plugin.registry.count == 2)
        #expect(try await rig.judge(id, api.user.id) == "next")
        #expect(try await rig.log.count(of: "most_tokens") == 1)
      }
    }
  }

  @Test func aRequestWithoutATokenIsNotJudged() async throws {
    try await API.with(clock: clock) { api in
      try await Rig.with(api, [("unlisted", "deny")], clock: clock) { rig async throws in
        #expect(try await rig.judgeWithoutIdentity() == "next")
      }
    }
  }
}
