import Foundation
import Testing

@testable import Authentication

@Suite struct JSONTests {
  @Test(arguments: [
    "", " ", "{", "}", "{}x", "{}{}", "[]", "1", "\"a\"", "null", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}",
    "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":[1,]}", "{\"a\":[}", "{\"a\":tru}", "{\"a\":True}",
    "{\"a\":nul}", "{\"a\":01}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":.1}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":+1}",
    "{\"a\":NaN}", "{\"a\":0x1}", "{\"a\":\"\\x41\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\u{1}\"}",
    "{\"a\":\"\t\"}", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}",
    "{\"é\":1,\"e\u{301}\":2}",
    "{\"a\":1}//", "/**/{}", "\u{FEFF}{}", "{\"a\":1}\u{0}", "{\"\\u0061\":1,\"a\":1}",
  ])
  func isMalformed(_ text: String) {
    #expect(throws: StrictJSON.Malformed.self) { try StrictJSON.object(Array(text.utf8)) }
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] as [[UInt8]])
  func badUTF8(_ bytes: [UInt8]) {
    #expect(throws: StrictJSON.Malformed.self) {
      try StrictJSON.object(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8))
    }
  }

  @Test func whatItReads() throws {
    let text =
      #" {"t":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é","n":-1.5e+3,"l":[true,false,null,{}],"o":{"p":{"q":"r"}}} "#
    let object = try StrictJSON.object(Array(text.utf8))
    #expect(object["t"]?.text == "\"\\/\u{8}\u{C}\n\r\té\u{1F600}é")
    if case .number(let number)? = object["n"] { #expect(number == "-1.5e+3") } else { Issue.record("no number") }
    if case .array(let items)? = object["l"] { #expect(items.count == 4) } else { Issue.record("no list") }
    #expect(object.value(at: "o.p.q")?.text == "r")
    #expect(object.value(at: "o.p.x") == nil)
    #expect(object.value(at: "t.p") == nil)
    #expect(object.value(at: ".") == nil)
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> [UInt8] { Array("{\"a\":\(Attack.nested(depth))}".utf8) }
    #expect(throws: Never.self) { try StrictJSON.object(nested(StrictJSON.deepest - 1)) }
    #expect(throws: StrictJSON.Malformed.self) { try StrictJSON.object(nested(StrictJSON.deepest)) }
    #expect(throws: StrictJSON.Malformed.self) { try StrictJSON.object(nested(100_000)) }
  }

  /// What it takes, Foundation takes too, and both see the same members; nothing traps.
  @Test func againstFoundation() throws {
    let seed = Array(#"{"sub":"u1","exp":1767225600,"l":["a",{"b":null}],"f":1.5e3,"t":"\u0041\n","x":true}"#.utf8)
    var random = SystemRandomNumberGenerator()
    var taken = 0
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        default: bytes.insert(seed[Int.random(in: 0..<seed.count, using: &random)], at: index)
        }
      }
      guard let object = try? StrictJSON.object(bytes) else { continue }
      // Foundation refuses numbers that no Double holds; they are JSON all the same.
      let isHuge = object.members.contains { member in
        if case .number(let number) = member.value { Double(number)?.isFinite != true } else { false }
      }
      if isHuge { continue }
      taken += 1
      let other = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
      #expect(other?.count == object.members.count, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(taken > 100)
  }

  @Test(
    arguments: [
      ("0", 0), ("1", 1_000_000_000), ("-1", -1_000_000_000), ("1.5", 1_500_000_000), ("1e3", 1_000_000_000_000),
      ("9223372036", 9_223_372_036_000_000_000), ("9223372037", .max), ("-9223372037", .min),
      ("9223372036854775807", .max), ("9223372036854775808", .max), ("1e300", .max), ("-1e300", .min), ("1e-300", 0),
      ("9.3e9", .max), ("-0", 0), ("-0.0", 0),
    ] as [(String, Int64)])
  func dates(_ number: String, _ nanoseconds: Int64) {
    #expect(NumericDate.nanoseconds(number) == nanoseconds)
  }

  @Test func infinity() {
    #expect(NumericDate.nanoseconds("1e400") == nil)
    #expect(Int64.max.saturatingAdd(1) == .max)
    #expect(Int64.min.saturatingAdd(-1) == .min)
    #expect(Int64.min.saturatingAdd(1) == .min + 1)
  }

  @Test func base64URLIsCanonical() {
    for count in 0..<70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      #expect(Base64URL.decode(base64URL(bytes)) == bytes)
    }
    // Of all texts of two characters, those of one byte are taken: 256 of 4096.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let texts = alphabet.flatMap { first in alphabet.map { "\(first)\($0)" } }
    let decoded = texts.compactMap { Base64URL.decode($0) }
    #expect(decoded.count == 256)
    #expect(Set(decoded).count == 256)
    for text in ["A", "AA=", "AA==", "A A", "A+", "A/", "A\n", "AAAAA", "é"] { #expect(Base64URL.decode(text) == nil) }
  }
}
