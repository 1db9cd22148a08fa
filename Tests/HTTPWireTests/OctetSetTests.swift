import Testing

@testable import HTTPWire

@Suite("Alphabets")
struct OctetSetTests {
  private let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

  private func check(_ set: OctetSet, _ marks: String) {
    let expected = Set(octets(letters + marks))
    for octet in UInt8.min...UInt8.max { #expect(set.contains(octet) == expected.contains(octet), "\(octet)") }
  }

  @Test("They are those of the RFCs")
  func alphabets() {
    check(.token, "!#$%&'*+-.^_`|~")
    check(.unreserved, "-._~")
    check(.hostName, "-._~")
    check(.path, "-._~!$&'()*+,;=:@/")
    check(.query, "-._~!$&'()*+,;=:@/?[]^{|}`")
  }

  @Test("Words are searched and compared like bytes")
  func words() {
    for octet in UInt8.min...UInt8.max {
      for place in 0..<8 {
        var bytes = [UInt8](repeating: 0x61, count: 8)
        bytes[place] = octet
        let word = bytes.withUnsafeBytes { $0.bytes.word(at: 0) }
        #expect(Word.hasControl(word) == (octet < 0x20 || octet == 0x7F))
        let lowered = withUnsafeBytes(of: Word.lowercased(word).littleEndian) { Array($0) }
        #expect(lowered == bytes.map(\.lowercasedASCII))
        #expect((Word.zeroBytes(word) != 0) == (octet == 0))
      }
    }
  }

  @Test("Lines and blanks are found at any place")
  func scanning() {
    for count in 0..<40 {
      for place in 0..<max(count, 1) {
        var bytes = [UInt8](repeating: 0x61, count: count)
        if place < count { bytes[place] = 0x0A }
        let found = bytes.withUnsafeBytes { $0.bytes.firstIndex(of: 0x0A, in: 0..<count) }
        #expect(found == (place < count ? place : nil))
      }
    }
    let blanks = octets(" \t a b\t ")
    #expect(blanks.withUnsafeBytes { $0.bytes.trimmed(0..<8) } == 3..<6)
    #expect(blanks.withUnsafeBytes { $0.bytes.trimmed(0..<3) }.isEmpty)
  }
}
