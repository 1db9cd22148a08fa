import Testing

@testable import ResponseCaching

/// Bodies on their way to the cache are bounded for all and for each domain.
@Suite struct CollectingRoomTests {
  private let room = CollectingRoom(bound: 1024, seed: 7)

  private func share(_ name: String) -> CollectingRoom.Share {
    Array(name.utf8).withUnsafeBytes { room.share(of: $0) }
  }

  private func taken(_ share: CollectingRoom.Share, by pieces: Int) -> Int {
    (0..<1024 / pieces).filter { _ in share.take(pieces, beside: 0) }.count * pieces
  }

  /// What one leaves free is for the others, and each of them leaves some, too.
  @Test func oneDomainLeavesRoom() {
    #expect(taken(share("hostile.test"), by: 16) == 512)
    #expect(taken(share("quiet.test"), by: 16) == 256)
    #expect(taken(share("hostile.test"), by: 16) == 0)
    #expect(share("third.test").take(128, beside: 0))
  }

  @Test func oneBodyAloneMayHaveEverything() {
    let share = share("a.test")
    #expect(share.take(600, beside: 0) && share.take(424, beside: 600))
    #expect(!share.take(1, beside: 1024))
    share.giveBack(1024)
    #expect(taken(share, by: 16) == 512)
  }

  @Test func whatIsGivenBackCanBeTaken() {
    let share = share("a.test")
    for _ in 0..<3 {
      #expect(taken(share, by: 64) == 512)
      share.giveBack(512)
    }
    room.adopt(bound: 128)
    #expect(taken(share, by: 16) == 64)
  }
}
