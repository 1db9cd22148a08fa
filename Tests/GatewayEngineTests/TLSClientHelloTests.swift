import GatewayKit
import GatewayTesting
import NIOCore
import Testing

@testable import GatewayEngine

struct TLSClientHelloTests {
  let hello: ByteBuffer

  init() throws {
    let authority = try TLSAuthority()
    let pair = try TLSPair(
      client: .of(nil), host: "www.example.com", server: .of(authority.issue("DNS:example.com")))
    pair.client.channel?.start()
    hello = pair.client.outbox
  }

  private func read(_ parts: [ByteBuffer]) -> (name: String?, held: ByteBuffer)? {
    var reader = ClientHelloReader()
    for part in parts {
      if case .done(let name, let held) = reader.feed(part) { return (name, held) }
    }
    return nil
  }

  private func slice(_ from: Int, _ to: Int) -> ByteBuffer {
    hello.getSlice(at: hello.readerIndex + from, length: to - from) ?? ByteBuffer()
  }

  @Test func theNameIsFoundWhereverTheMessageIsCut() throws {
    let length = hello.readableBytes
    for cut in 1..<length {
      let found = try #require(read([slice(0, cut), slice(cut, length)]))
      #expect(found.name == "www.example.com")
      #expect(found.held == hello)
      #expect(read([slice(0, cut)]) == nil)
    }
    let found = try #require(read((0..<length).map { slice($0, $0 + 1) }))
    #expect(found.name == "www.example.com")
    #expect(found.held == hello)
  }

  @Test(arguments: [1, 2, 5, 100]) func theMessageMayComeInSeveralRecords(size: Int) throws {
    var content = slice(5, hello.readableBytes)
    var records = ByteBuffer()
    while let part = content.readSlice(length: min(size, content.readableBytes)), part.readableBytes > 0 {
      records.writeBytes([22, 3, 1])
      records.writeInteger(UInt16(part.readableBytes))
      records.writeImmutableBuffer(part)
    }
    let found = try #require(read([records]))
    #expect(found.name == "www.example.com")
    #expect(found.held == records)
  }

  @Test func whatIsNoGreetingGoesToTheLibraryAtOnce() {
    for bytes: [UInt8] in [[71], [22, 3, 1, 0, 0], [22, 3, 1, 0xFF, 0xFF], [21, 3], [22, 3, 1, 0, 4, 2, 0, 0, 0]] {
      let found = read([ByteBuffer(bytes: bytes)])
      #expect(found != nil)
      #expect(found?.name == nil)
    }
  }

  @Test func whatIsHeldIsBounded() throws {
    // A message that is always a byte short, in records of one byte.
    var reader = ClientHelloReader()
    var fed = 0
    let record = ByteBuffer(bytes: [22, 3, 1, 0, 1, 1])
    while case .more = reader.feed(record) { fed += record.readableBytes }
    #expect(fed <= 33 << 10)
  }

  @Test func changedMessagesDoNoHarm() {
    var random = SplitMix(state: 9)
    for _ in 0..<20_000 {
      var bytes = hello
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = bytes.readerIndex + Int.random(in: 5..<bytes.readableBytes, using: &random)
        bytes.setInteger(UInt8.random(in: 0...255, using: &random), at: at)
      }
      if let name = read([bytes])?.name {
        #expect(DNSName.normalize(name.utf8) == name)
      }
    }
  }

  @Test(arguments: [
    ("Example.COM", "example.com"), ("a.", "a"), ("", nil), (".", nil), ("a b", nil), ("a\0", nil), ("ä.de", nil),
    ("under_score.test", "under_score.test"), (String(repeating: "a", count: 256), nil),
  ])
  func namesAreComparedInOneForm(text: String, form: String?) {
    #expect(DNSName.normalize(text.utf8) == form)
  }

  @Test func theWildcardStandsForOneLabel() {
    #expect(DNSName.wildcard(for: "a.b.test") == "*.b.test")
    #expect(DNSName.wildcard(for: "test") == nil)
    #expect(DNSName.wildcard(for: ".test") == nil)
  }
}
