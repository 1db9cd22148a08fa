import HTTPWire
import NIOCore
import Testing

@Suite("Fields")
struct FieldTests {
  private func id(_ name: String) -> FieldID { octets(name).withUnsafeBytes { FieldID(name: $0) } }

  @Test("Every known name is found in any letter case", arguments: FieldID.allCases.filter { $0 != .other })
  func known(_ field: FieldID) {
    let name = "\(field.name)"
    for spelling in [name, name.lowercased(), name.uppercased(), "\(name.prefix(1))\(name.dropFirst().uppercased())"] {
      #expect(id(spelling) == field, "\(spelling)")
    }
  }

  @Test("What is nearly a known name is not one", arguments: FieldID.allCases.filter { $0 != .other })
  func nearMisses(_ field: FieldID) {
    let name = octets("\(field.name)")
    for index in name.indices {
      for bit in [1, 2, 0x20, 0x40, 0x80] as [UInt8] {
        var other = name
        other[index] ^= bit
        let text = other.withUnsafeBytes { latin1($0) }
        let expected =
          FieldID.allCases.first { $0 != .other && "\($0.name)".lowercased() == text.lowercased() } ?? .other
        #expect(id(text) == expected, "\(text.debugDescription)")
      }
      var shorter = name
      shorter.remove(at: index)
      let text = shorter.withUnsafeBytes { latin1($0) }
      #expect(FieldID.allCases.contains { "\($0.name)".lowercased() == text.lowercased() } || id(text) == .other)
    }
    #expect(id("\(field.name)x") == .other)
    #expect(id("") == .other)
  }

  @Test("There are at most 64 names, and sets of them work")
  func sets() {
    #expect(FieldID.allCases.count <= 64)
    var set: FieldIDSet = [.host, .tracestate]
    #expect(set.contains(.host) && set.contains(.tracestate) && !set.contains(.via))
    set.insert(.via)
    set.remove(.host)
    #expect(set == [.via, .tracestate])
    #expect(set.union([.age]) == [.age, .via, .tracestate])
    #expect(set.intersection([.via, .age]) == [.via])
    #expect(FieldIDSet().isEmpty && !set.isEmpty)
  }

  @Test("What proxies say counts from proxies only")
  func forwarding() throws {
    for name in [
      "X-Forwarded-Prefix", "x-forwarded-ssl", "X_Forwarded_Scheme", "X-Forwarded-Server", "XForwarded", "X-Real-IP",
      "X_REAL-ip", "True-Client-IP", "X-Host", "X-Original-Host", "_x-forwarded-anything-else-that-is-long",
    ] {
      #expect(try block("\(name): a").fields[1].isRemoved, "\(name)")
      #expect(try !block("\(name): a", believesProxies: true).fields[1].isRemoved, "\(name)")
    }
    for name in ["X-Forward", "X-Real-IPs", "My-X-Forwarded-Prefix", "X-Hosted", "Origin"] {
      #expect(try !block("\(name): a").fields[1].isRemoved, "\(name)")
    }
    #expect(throws: WireError.self) { try block("x_forwarded_for: a", believesProxies: true) }
  }

  private func block(_ lines: String, believesProxies: Bool = false) throws -> FieldBlock {
    var parser = RequestHeadParser(believesProxies: believesProxies)
    var head = RequestHead()
    var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n")
    _ = try parser.parse(&buffer, into: &head)
    return head.block
  }

  @Test("Looking up, counting and removing")
  func block() throws {
    #expect(MemoryLayout<Field>.size == 16)
    var block = try block("Accept: x\r\nX-Own:  y\t\r\nACCEPT: z\r\nempty:")
    #expect(block.count(of: .accept) == 2)
    #expect(block.first(.accept) == 1)
    #expect(block.string(of: .accept) == "x")
    #expect(block.string(of: .via) == nil && block.count(of: .via) == 0)
    #expect(block.firstIndex(named: "x-OWN") == 2)
    #expect(block.firstIndex(named: "x-ow") == nil)
    #expect(block.withValue(2, latin1) == "y")
    #expect(block.withName(3, latin1) == "ACCEPT")
    #expect(String(buffer: block.value(3)) == "z")
    #expect(block.value(4).readableBytes == 0)
    block.remove(at: 1)
    #expect(block.string(of: .accept) == "z")
    block.remove(.accept)
    #expect(block.first(.accept) == nil && block.count(of: .accept) == 0)
    block.remove(at: 2)
    #expect(block.firstIndex(named: "x-own") == nil)
    #expect(block.texts == ["Host: a", "empty: "])
  }

  @Test("Connection fields go, with what Connection names")
  func connection() throws {
    var block = try block(
      "Connection: keep-alive, X-One ,, x-two\r\nConnection: TE, Last-Event-ID\r\nKeep-Alive: 5\r\nX-One: 1\r\nX-TWO: 2\r\n"
        + "X-Three: 3\r\nTE: trailers\r\nUpgrade: x\r\nLast-Event-ID: 4\r\nProxy-Authorization: b\r\nTrailer: t\r\n"
        + "Proxy-Connection: c")
    try block.removeConnectionFields()
    #expect(block.texts == ["Host: a", "X-Three: 3"])
  }

  @Test(
    "Connection must not name what is meant for the receiver",
    arguments: [
      "Host", "authorization", "Content-Length", "TRANSFER-ENCODING", "losantdomain", "Content-Type", "cache-control",
      "x-forwarded-for", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded", "Via", "Date",
      "Set-Cookie", "Cookie", "X-Request-ID", "close, Host", "x,\tauthorization",
    ])
  func protected(name: String) throws {
    var block = try block("Connection: \(name)")
    #expect(throws: WireError(.connectionNamesProtectedField)) { try block.removeConnectionFields() }
  }
}
