import GatewayKit
import Testing

/// Up to when every change of this gateway is known to all, and which places changes have in what they share.
@Suite struct UntoldChangesTests {
  @Test func theOldestCounts() {
    let untold = UntoldChanges()
    #expect(untold.bound(7) == 7)
    var numbers: [UInt64] = []
    for time in [3, 5, 5] as [UInt64] { untold.add(now: { time }) { numbers.append($0) } }
    #expect(numbers == [1, 2, 3] && untold.bound(9) == 3 && untold.bound(2) == 2)
    untold.told(upTo: 1)
    #expect(untold.bound(9) == 5)
    untold.told(upTo: 2)
    #expect(untold.bound(9) == 5)
    untold.told(upTo: 3)
    #expect(untold.bound(9) == 9)
  }

  @Test func eachIsToldWhenAllBeforeItAre() {
    let untold = UntoldChanges()
    let numbers = (0..<3).map { _ in untold.add(now: { 1 }) { _ in } }
    #expect(numbers == [1, 2, 3])
    untold.told(upTo: 2)
    untold.told(upTo: 1)
    #expect(numbers.map(untold.isTold) == [true, true, false])
  }

  @Test func manyAreBounded() {
    let untold = UntoldChanges()
    var last: UInt64 = 0
    for time in 0..<20_000 { untold.add(now: { UInt64(time) }) { last = $0 } }
    untold.told(upTo: last - 1)
    #expect(untold.isTold(last - 1) && !untold.isTold(last))
    // Those that are not told apart are known with the last of them.
    #expect(untold.bound(1 << 40) < 20_000)
    untold.told(upTo: last)
    #expect(untold.bound(1 << 40) == 1 << 40)
  }

  @Test func placesOfAnAnswerAreThoseOfItsChanges() {
    let versions = AnswerVersions(seed: 5)
    var places: [String] = []
    Array("example.com".utf8).withUnsafeBytes { domain in
      var mark = Array("/a/".utf8).withUnsafeBytes { versions.mark(domain: domain, path: $0, at: 0) }
      mark.add(tag: Array("t".utf8).withUnsafeBytes { versions.hash(domain: domain, tag: $0) })
      places = versions.places(of: mark, domain: domain).map { "\($0)" }
    }
    #expect(places.count == 3)
    #expect(CacheChange.purge(CachePurge(.all, domain: "example.com")).place(versions) == places[0])
    #expect(CacheChange.purge(CachePurge(.prefix("/b"), domain: "example.com")).place(versions) == places[0])
    #expect(CacheChange.path("/a", domain: "example.com").place(versions) == places[1])
    #expect(
      CacheChange.purge(CachePurge(.key(authority: "h", path: "/a", query: "q"), domain: "example.com")).place(versions)
        == places[1])
    #expect(CacheChange.tag("t", domain: "example.com").place(versions) == places[2])
    #expect(CacheChange.purge(CachePurge(.tag("t"), domain: "example.com")).place(versions) == places[2])
    for target in [CachePurge.Target.all, .prefix("/"), .tag("t"), .key(authority: nil, path: "/a", query: nil)] {
      #expect(CacheChange.purge(CachePurge(target)).place(versions) == "a")
    }
    // Another domain's are others.
    #expect(CacheChange.tag("t", domain: "other.example").place(versions) != places[2])
    #expect(CacheChange.path("/a", domain: "other.example").place(AnswerVersions(seed: 6)) != places[1])
  }
}
