import HTTPWire
import Testing

@Suite("Path normaliser")
struct PathTests {
  /// What the normaliser makes of a path: text, or the code of the refusal.
  private func normal(_ path: String, mergeSlashes: Bool) -> Result<String, WireError> {
    var out: [UInt8] = []
    let bytes = octets(path)
    do throws(WireError) {
      let isRewritten = try bytes.withUnsafeBufferPointer { (raw) throws(WireError) in
        try PathNormalizer.normalize(UnsafeRawBufferPointer(raw), mergeSlashes: mergeSlashes, into: &out)
      }
      return .success(isRewritten ? String(decoding: out, as: UTF8.self) : path)
    } catch { return .failure(error) }
  }

  @Test("Equals a slow reference, is idempotent and leaves no dot segment", arguments: [true, false])
  func properties(mergeSlashes: Bool) {
    var random = SplitMix(seed: mergeSlashes ? 1 : 2)
    let parts = [
      "/", "/", "/", ".", ".", "..", "a", "B", "%2e", "%2E", "%2f", "%5C", "%41", "%7e", "%c3", ";", "%25", "%",
    ]
    for _ in 0..<40_000 {
      let path =
        "/"
        + (0..<Int.random(in: 0...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
        .joined()
      let result = normal(path, mergeSlashes: mergeSlashes)
      let expected = SlowNormalizer.normal(path, mergeSlashes: mergeSlashes)
      guard case .success(let text) = result else {
        #expect(expected == nil, "\(path) was refused: \(result)")
        continue
      }
      #expect(expected == text, "\(path)")
      #expect(normal(text, mergeSlashes: mergeSlashes) == .success(text), "\(path) is not idempotent")
      #expect(!text.split(separator: "/").contains { $0 == "." || $0 == ".." }, "\(path)")
      if mergeSlashes { #expect(!text.contains("//"), "\(path)") }
      if expected != text { return }
    }
  }

  @Test("With slashes kept apart", arguments: [("//a//b/", "//a//b/"), ("/a//../b", "/a/b"), ("//", "//")])
  func slashes(path: String, expected: String) {
    #expect(normal(path, mergeSlashes: false) == .success(expected))
  }

  @Test("A path that is normal is not copied")
  func unchanged() {
    for path in ["/", "/me/tokens", "/a.b/c..d/", "/a;b=c,d"] {
      var out: [UInt8] = []
      let isRewritten = try? octets(path).withUnsafeBytes { try PathNormalizer.normalize($0, into: &out) }
      #expect(isRewritten == false && out.capacity == 0)
    }
  }

  @Test("What is no absolute path is refused", arguments: ["", "a", "*", "?"])
  func relative(path: String) {
    #expect(normal(path, mergeSlashes: true) == .failure(WireError(.pathInvalid)))
  }
}

/// The rules of the normaliser once more, slow and plain: with strings, split and joined.
enum SlowNormalizer {
  static func normal(_ path: String, mergeSlashes: Bool) -> String? {
    guard let decoded = decoded(path) else { return nil }
    var segments = decoded.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if mergeSlashes, let last = segments.last {
      segments = segments.dropLast().filter { !$0.isEmpty } + [last]
    }
    var kept: [String] = []
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      if segment == "." || segment == ".." {
        if segment == ".." { guard kept.popLast() != nil else { return nil } }
        if isLast { kept.append("") }
      } else if hidesDots(segment) {
        return nil
      } else {
        kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }

  private static func hidesDots(_ segment: String) -> Bool {
    segment.replacing("%5C", with: "%2F").split(separator: "%2F", omittingEmptySubsequences: false).contains { part in
      let name = part.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
      return name == "." || name == ".."
    }
  }

  private static func decoded(_ path: String) -> String? {
    let pieces = path.split(separator: "%", omittingEmptySubsequences: false)
    var result = String(pieces[0])
    for piece in pieces.dropFirst() {
      guard piece.count >= 2, let value = UInt8(piece.prefix(2), radix: 16), value >= 32, value != 127 else {
        return nil
      }
      let scalar = Unicode.Scalar(value)
      let isPlain =
        value < 128 && (Character(scalar).isLetter || Character(scalar).isNumber || "-._~".contains(Character(scalar)))
      result += (isPlain ? String(scalar) : "%" + piece.prefix(2).uppercased()) + piece.dropFirst(2)
    }
    return result
  }
}

/// A small random generator with a seed, so that every run is the same (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
