import Testing

@testable import GatewayKit

/// When answers become worthless.
@Suite struct AnswerVersionsTests {
  private let versions = AnswerVersions(seed: 5)

  private func with<R>(_ first: String, _ second: String, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R)
    -> R
  {
    Array(first.utf8).withUnsafeBytes { first in Array(second.utf8).withUnsafeBytes { body(first, $0) } }
  }

  private func mark(_ domain: String, _ path: String, tag: String? = nil) -> AnswerVersions.Mark {
    var mark = with(domain, path) { versions.mark(domain: $0, path: $1, at: versions.now) }
    if let tag { mark.add(tag: with(domain, tag) { versions.hash(domain: $0, tag: $1) }) }
    return mark
  }

  @Test func pathsAndTags() {
    let marks = [mark("a", "/x", tag: "t"), mark("a", "/y", tag: "u"), mark("b", "/x", tag: "t")]
    with("a", "/x/") { versions.invalidate(domain: $0, path: $1) }
    #expect(marks.map(versions.isCurrent) == [false, true, true])
    #expect(versions.isCurrent(mark("a", "/x", tag: "t")))
    with("a", "u") { versions.invalidate(domain: $0, tag: $1) }
    #expect(marks.map(versions.isCurrent) == [false, false, true])
  }

  @Test func everythingOfADomain() {
    let marks = [mark("a", "/x", tag: "t"), mark("a", "/y"), mark("b", "/x", tag: "t")]
    with("a", "") { domain, _ in versions.invalidate(domain: domain) }
    #expect(marks.map(versions.isCurrent) == [false, false, true])
    #expect(versions.isCurrent(mark("a", "/x", tag: "t")))
  }

  /// However much a domain changes, it costs those few others something that share its block.
  @Test func aDomainExhaustsOnlyItsOwnBlock() {
    let marks = (0..<256).map { mark("other\($0)", "/x", tag: "t") }
    for number in 0..<20_000 {
      with("a", "/\(number)") { versions.invalidate(domain: $0, path: $1) }
      with("a", "\(number)") { versions.invalidate(domain: $0, tag: $1) }
    }
    #expect(marks.count { !versions.isCurrent($0) } <= 4)
  }

  /// Two places each: a hundred changes make worthless what they are about and hardly anything else.
  @Test func fewChangesCostOthersLittle() {
    let others = (0..<4000).map { mark("a", "/other/\($0)") }
    let changed = (0..<100).map { mark("a", "/\($0)") }
    for number in 0..<100 { with("a", "/\(number)") { versions.invalidate(domain: $0, path: $1) } }
    #expect(!changed.contains(where: versions.isCurrent))
    #expect(others.count { !versions.isCurrent($0) } <= 20)
  }
}
