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
        #expect(Word.isPlainQuery(word) == OctetSet.query.contains(octet))
        #expect(Word.isPlainPath(word) == Self.isPlainPath(octet))
        let controls = Word.controls(word)
        let isControl = octet < 0x20 || octet == 0x7F
        #expect(controls == 0 ? !isControl : isControl && controls.trailingZeroBitCount / 8 == place)
      }
    }
  }

  private static func isPlainPath(_ octet: UInt8) -> Bool {
    octet == 0x5F || (octet >= 0x2D && octet <= 0x39) || (octet | 0x20 >= 0x61 && octet | 0x20 <= 0x7A && octet < 0x80)
  }

  @Test("Controls are found behind any bytes, and pairs of slashes and dots at any place")
  func pairs() {
    var random = SplitMix(seed: 10)
    let choices = octets("//..ab") + [0x09, 0x0D, 0x7E, 0x7F, 0xFF, 0x80]
    for _ in 0..<20_000 {
      let bytes = (0..<8).map { _ in choices[Int.random(in: 0..<choices.count, using: &random)] }
      let word = bytes.withUnsafeBytes { $0.bytes.word(at: 0) }
      let control = bytes.firstIndex { $0 < 0x20 || $0 == 0x7F }
      let hit = Word.controls(word)
      // Behind 0xFF there may be a hit too many, which is then no CR.
      let found = hit == 0 ? nil : hit.trailingZeroBitCount / 8
      #expect(found == control || found.map { bytes[$0] == 0x7E && bytes[$0 - 1] == 0xFF } == true, "\(bytes)")
      guard bytes.allSatisfy(Self.isPlainPath) else { continue }
      for (previous, merges) in [(UInt8(0x2F), true), (0x2F, false), (0x61, true), (0x61, false)] {
        let all = [previous] + bytes
        let isPair = (1...8).contains { all[$0 - 1] == 0x2F && (all[$0] == 0x2E || (merges && all[$0] == 0x2F)) }
        #expect((Word.slashPairs(word, after: previous, mergeSlashes: merges) != 0) == isPair, "\(all)")
      }
    }
  }

  @Test("A known name is found with one comparison")
  func knownNames() { #expect(KnownNames.shared.isWithoutCollisions) }

  @Test("A query is judged alike by words and by bytes")
  func queries() {
    var random = SplitMix(seed: 9)
    let choices = octets("abcdefgh012/?&==..[]~") + [0x25, 0x34, 0x41, 0x22, 0x5C, 0x20, 0xE4]
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...20, using: &random)
      let isRough = Bool.random(using: &random)
      let bytes = (0..<count).map { _ in
        choices[Int.random(in: 0..<(choices.count - (isRough ? 0 : 4)), using: &random)]
      }
      let text = bytes.withUnsafeBytes { latin1($0) }
      let isRight = text.wholeMatch(of: #/([a-h0-9/?&=.\[\]~4A]|%(?!00)[0-9a-fA-F]{2})*/#) != nil
      #expect(bytes.withUnsafeBytes { $0.bytes.isQuery(0..<count) } == isRight, "\(text)")
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
