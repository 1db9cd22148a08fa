import Crypto
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Authentication
@testable import GatewayKit

@Suite struct CacheTests {
  private static let key = VerificationKey(name: nil, material: .secret(.init(size: .bits256)), algorithms: [.hs256])

  private static func verified(_ number: Int, key: VerificationKey = key) -> VerifiedToken {
    let print = Fingerprint(UInt64(number), 0, 0, 0)
    let identity = Identity(
      fingerprint: print, subject: "\(number)", kind: "", issuer: "", tokenID: "", scopes: [],
      scopesFingerprint: print, expiry: .max)
    return VerifiedToken(identity: identity, notBefore: .min, domains: nil, key: key)
  }

  private static func token(_ number: Int) -> [UInt8] {
    Array("header.payload.\(number)-signature-of-some-length".utf8)
  }

  private func found(_ cache: IdentityCache, _ number: Int) -> Int? {
    Self.token(number).withUnsafeBytes { cache.value(of: $0) }.flatMap { Int($0.identity.subject) }
  }

  private func insert(_ cache: IdentityCache, _ number: Int, key: VerificationKey = key) {
    _ = Self.token(number).withUnsafeBytes { cache.insert(Self.verified(number, key: key), token: $0) }
  }

  @Test(arguments: [(1000, 1 << 30), (5, 1 << 30), (1, 1 << 30), (100_000, 200_000), (5000, 1_000_000)])
  func aFloodStaysWithinTheBounds(_ entries: Int, _ bytes: Int) {
    let cache = IdentityCache(entries: entries, bytes: bytes, seed: 7)
    for number in 0..<20_000 {
      insert(cache, number)
      #expect(found(cache, number) == number)
      if number % 500 == 0 {
        #expect(cache.count <= entries)
        #expect(cache.bytes <= bytes)
      }
    }
    #expect(cache.count <= entries && cache.bytes <= bytes)
    #expect(cache.count > 0)
    let known = (0..<20_000).count { found(cache, $0) == $0 }
    #expect(known == cache.count)
  }

  @Test func noEntriesMeanNoCache() {
    for cache in [IdentityCache(entries: 0, bytes: 1 << 20, seed: 7), IdentityCache(entries: 10, bytes: 0, seed: 7)] {
      insert(cache, 1)
      #expect(found(cache, 1) == nil)
      #expect(cache.count == 0 && cache.bytes == 0)
    }
  }

  @Test func whatIsUsedStaysInAFlood() {
    let cache = IdentityCache(entries: 64, bytes: 1 << 30, seed: 7)
    for number in 0..<10 { insert(cache, number) }
    for number in 100..<5000 {
      insert(cache, number)
      for used in 0..<10 { #expect(found(cache, used) == used) }
    }
  }

  @Test func tokensThatEndAlikeAreNotConfused() {
    let cache = IdentityCache(entries: 100, bytes: 1 << 20, seed: 7)
    let end = String(repeating: "s", count: 100)
    let (one, two) = (Array("one\(end)".utf8), Array("two\(end)".utf8))
    _ = one.withUnsafeBytes { cache.insert(Self.verified(1), token: $0) }
    #expect(two.withUnsafeBytes { cache.value(of: $0) } == nil)
    #expect(one.dropFirst().withUnsafeBytes { cache.value(of: $0) } == nil)
    _ = two.withUnsafeBytes { cache.insert(Self.verified(2), token: $0) }
    #expect(two.withUnsafeBytes { cache.value(of: $0) }?.identity.subject == "2")
    #expect(one.withUnsafeBytes { cache.value(of: $0) } == nil)
    #expect(cache.count == 1)
  }

  @Test func whatARetiredKeyVerifiedIsForgotten() {
    let cache = IdentityCache(entries: 100, bytes: 1 << 20, seed: 7)
    let old = VerificationKey(name: nil, material: .secret(.init(size: .bits256)), algorithms: [.hs256])
    insert(cache, 1, key: old)
    insert(cache, 2)
    old.retire()
    #expect(found(cache, 1) == nil)
    #expect(found(cache, 2) == 2)
    #expect(cache.count == 1)
  }

  /// What is found bad has room of its own, is believed of these keys only, and of this token only.
  @Test func badTokensHaveRoomOfTheirOwn() {
    let cache = IdentityCache(entries: 1600, bytes: 1 << 20, seed: 7)
    for number in 0..<500 { insert(cache, number) }
    for number in 1000..<6000 {
      Self.token(number).withUnsafeBytes { cache.insert(TokenFailure.signatureInvalid, token: $0, keys: 1, at: 0) }
    }
    #expect((0..<500).allSatisfy { found(cache, $0) == $0 })
    Self.token(5999).withUnsafeBytes {
      #expect(cache.refusal(of: $0, keys: 1, at: 0) == .signatureInvalid)
      #expect(cache.refusal(of: $0, keys: 2, at: 0) == nil)
    }
    Self.token(1000).withUnsafeBytes { #expect(cache.refusal(of: $0, keys: 1, at: 0) == nil) }
    Self.token(60_000).withUnsafeBytes {
      cache.insert(TokenFailure.wrongDomain, token: $0, keys: 1, at: 0)
      #expect(cache.refusal(of: $0, keys: 1, at: 0) == nil, "another domain may take it")
    }
  }

  /// A clock that was ahead and is set right again must not leave good tokens refused until the keys change.
  @Test func aClockThatWasAheadRefusesNoLonger() throws {
    let rig = try GoodTokenTests.rig([("leeway", "0s")])
    let token = Signer.secret.token(#"{"exp":\#(TestClock.begin + 60)}"#)
    rig.clock.advance(seconds: 3600)
    for _ in 0..<2 { #expect(try rig.judge(token).text == "token_expired") }
    rig.clock.advance(seconds: -3600)
    #expect(try rig.judge(token).text == "next")
  }

  /// What the origin is told of a token is made later, and is in the bound from the beginning.
  @Test func whatTheOriginIsToldCounts() throws {
    let fields = (0..<16).map { ("X-F\($0)", Setting.text("claim.c")) }
    let rig = try GoodTokenTests.rig([("forward", ["fields": .mapping(fields)])])
    let value = String(repeating: "\u{e9}", count: 1500)
    let token = Array(Signer.secret.token(#"{"c":"\#(value)"}"#).utf8)
    let exchange = try rig.exchange(fields: ["Authorization: Bearer \(String(decoding: token, as: UTF8.self))"])
    _ = rig.filter.identify(exchange)
    _ = (rig.filter as? any RequestFilter)?.request(exchange)
    let verified = try #require(token.withUnsafeBytes { rig.plugin.judge.cache.value(of: $0) })
    let known = verified.rendered.load()
    let rendered = try #require(known)
    let taken = rendered.all.storageCapacity + rendered.lines.reduce(0) { $0 + $1.line.storageCapacity }
    #expect(taken > 16 * 9000 * 2)
    #expect(verified.cost >= taken)
  }

  /// The table against a model, with hashes that collide in their places.
  @Test func theTableIsAMapUntilItIsFull() {
    var random = SystemRandomNumberGenerator()
    var stripe = TokenStripe<Int>(mostEntries: 10_000, mostBytes: 1 << 30)
    var model: [UInt64: TokenEntry<Int>] = [:]
    for _ in 0..<20_000 {
      let hash = UInt64.random(in: 0..<64, using: &random) << 32 | UInt64.random(in: 0..<32, using: &random)
      switch UInt8.random(in: 0..<4, using: &random) {
      case 0:
        if let entry = model.removeValue(forKey: hash) { stripe.remove(entry, hash: hash) }
      case 1:
        #expect(stripe.entry(hash) === model[hash])
      default:
        let entry = TokenEntry(UnsafeRawBufferPointer(start: nil, count: 0), 1, cost: 1)
        #expect(stripe.insert(entry, hash: hash) == 0)
        model[hash] = entry
      }
      #expect(stripe.count == model.count)
    }
    #expect(model.allSatisfy { stripe.entry($0.key) === $0.value })
    #expect(stripe.bytes == model.values.reduce(0) { $0 + $1.cost })
  }

  @Test func manyThreads() async {
    let cache = IdentityCache(entries: 500, bytes: 1 << 20, seed: 7)
    await withTaskGroup(of: Int.self) { group in
      for task in 0..<4 {
        group.addTask {
          var wrong = 0
          for round in 0..<5000 {
            let number = (round &* 7 &+ task) % 1000
            self.insert(cache, number)
            if let found = self.found(cache, number), found != number { wrong += 1 }
          }
          return wrong
        }
      }
      for await wrong in group { #expect(wrong == 0) }
    }
    #expect(cache.count <= 500)
  }

  /// The bounds hold from the outside, with real tokens.
  @Test func aFloodOfGoodTokens() throws {
    let rig = try GoodTokenTests.rig([("cache", ["entries": "50", "bytes": "40KB"])])
    for number in 0..<500 {
      #expect(try rig.judge(Signer.secret.token(#"{"sub":"\#(number)"}"#)).identity?.subject == "\(number)")
    }
    #expect(rig.plugin.judge.cache.count <= 50)
    #expect(rig.plugin.judge.cache.bytes <= 40 << 10)
    for number in 0..<50 { #expect(try rig.judge("x.y.\(number)").identity == nil) }
    #expect(rig.plugin.judge.cache.count > 0)
  }
}
