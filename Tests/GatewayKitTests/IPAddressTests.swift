import GatewayKit
import GatewayTesting
import Glibc
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
    ("::1", "::1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"),
    ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
  ])
  func readsAndWrites(_ text: String, _ usual: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == usual)
    #expect(IPAddress(usual) == address)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "1..3.4", "1.2.3.", ".1.2.3", "1.2.3.-4",
    "0x1.2.3.4", "1.2.3.4:80", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:", ":1", "::1:", "fe80::1%eth0", "[::1]", "::1.2.3", "1.2.3.4::",
    "::1.2.3.4:1", "1:2:3:4:5:6:7:1.2.3.4", "unknown", "localhost", "1.2.3.4\0",
    String(repeating: "0", count: 40) + "::1.2.3.4",
  ])
  func refuses(_ text: String) { #expect(IPAddress(text) == nil) }

  /// The system reads the same texts as the same addresses.
  @Test(arguments: 0..<10)
  func readsWhatTheSystemReads(seed: UInt64) {
    var random = SplitMix(state: seed)
    let pieces = [":", "::", ".", "0", "1", "9", "25", "255", "256", "00", "a", "F0", "ffff", "1.2.3.4", "12345", "%"]
    var good = 0
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<Int(1 + random.next() % 15) { text += pieces[Int(random.next() % UInt64(pieces.count))] }
      let found = IPAddress(text)
      #expect(found == system(text), "\(text)")
      if let found {
        good += 1
        #expect(IPAddress(found.description) == found)
      }
    }
    #expect(good > 50, "texts that are never addresses show nothing")
  }

  private func system(_ text: String) -> IPAddress? {
    var (four, six) = (in_addr(), in6_addr())
    if inet_pton(AF_INET, text, &four) == 1 { return IPAddress(v4: UInt32(bigEndian: four.s_addr)) }
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    return IPAddress(v6: withUnsafeBytes(of: six) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) })
  }

  @Test(arguments: [
    ("192.0.2.129", 25, "192.0.2.128"), ("192.0.2.129", 32, "192.0.2.129"), ("192.0.2.129", 0, "0.0.0.0"),
    ("192.0.2.129", 99, "192.0.2.129"), ("2001:db8::ffff:1", 64, "2001:db8::"),
    ("2001:db8::ffff:1", 128, "2001:db8::ffff:1"), ("2001:db8::ffff:1", 33, "2001:db8::"), ("::1", 0, "::"),
  ])
  func masks(_ text: String, _ prefix: Int, _ masked: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.masked(to: prefix).description == masked)
  }

  @Test(arguments: [
    ("10.0.0.0", 8, "10.255.255.255", true), ("10.0.0.0", 8, "11.0.0.0", false),
    ("10.0.0.0", 8, "::ffff:10.1.1.1", true),
    ("2001:db8::", 32, "2001:db8:ffff::1", true), ("2001:db8::", 32, "2001:db9::", false), ("::", 1, "10.0.0.1", false),
    ("192.0.2.1", 32, "192.0.2.1", true), ("192.0.2.1", 32, "192.0.2.0", false), ("0.0.0.0", 0, "::1", false),
  ])
  func networksContain(_ text: String, _ prefix: Int, _ other: String, _ isInside: Bool) throws {
    let (address, other) = (try #require(IPAddress(text)), try #require(IPAddress(other)))
    #expect(IPNetwork(address, prefix: prefix).contains(other) == isInside)
  }

  @Test func theFamilyKeepsNumbersApart() throws {
    #expect(IPAddress("0.0.0.1") != IPAddress("::1"))
    #expect(IPAddress("192.0.2.1").map { ($0.high, $0.low) } ?? (1, 1) == (0, 0xC000_0201))
    #expect(IPAddress("2001:db8::2").map { ($0.high, $0.low) } ?? (1, 1) == (0x2001_0DB8_0000_0000, 2))
  }
}
