/// Makes messages that are mostly right, with zero to three things wrong, from a seed.
struct MessageGenerator {
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  /// One to three requests in a row.
  mutating func requests() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) { bytes += octets(request()) }
    return mutated(bytes)
  }

  /// One response, with interim ones before it now and then.
  mutating func responses() -> [UInt8] {
    let interim = chance(5) ? "HTTP/1.1 100 Continue\r\n\r\n" : ""
    return mutated(octets(interim + response()))
  }

  /// Random places to cut bytes at.
  mutating func cuts(_ count: Int) -> [Int] {
    Set((0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 0...max(count, 1), using: &random) })
      .sorted()
  }

  private mutating func request() -> String {
    let method = pick(["GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PURGE", "get"])
    let target = pick(["/", "/a/b", "/a?b=c", "/%41/x?y", "/a/../b", "//a", "http://h/x?y", "*", "/a%2fb?[x]", "/?"])
    let version = pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])
    let (field, body) = content()
    return "\(method) \(target) \(version)\r\n" + lines(["Host: h", field]) + "\r\n" + body
  }

  private mutating func response() -> String {
    let status = pick(["200 OK", "200 OK", "404 Not Found", "204 No Content", "304 Not Modified", "200", "503 "])
    let version = pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])
    let (field, body) = content()
    return "\(version) \(status)\r\n" + lines([field]) + "\r\n" + body
  }

  private mutating func lines(_ needed: [String]) -> String {
    var all = needed.filter { !$0.isEmpty }
    for _ in 0..<Int.random(in: 0...4, using: &random) { all.append(pick(Self.fields)) }
    all.shuffle(using: &random)
    return all.map { $0 + "\r\n" }.joined()
  }

  private mutating func content() -> (field: String, body: String) {
    let text = String(repeating: pick(["a", "0\r\n", "xyz\n", ": "]), count: Int.random(in: 1...20, using: &random))
    switch Int.random(in: 0...4, using: &random) {
    case 0: return ("", "")
    case 1: return ("Content-Length: 0", "")
    case 2: return ("\(pick(["Content-Length", "content-length"])): \(text.utf8.count)", text)
    default:
      let chunks = (0..<Int.random(in: 0...3, using: &random)).map { _ in chunk() }.joined()
      let trailer = chance(4) ? pick(Self.fields) + "\r\n" : ""
      return ("Transfer-Encoding: \(pick(["chunked", "Chunked"]))", chunks + "0\r\n\(trailer)\r\n")
    }
  }

  private mutating func chunk() -> String {
    let text = String(repeating: "b", count: Int.random(in: 1...40, using: &random))
    let size = String(text.utf8.count, radix: 16, uppercase: chance(2))
    let pad = pick(["", "", "0", "000"])
    return pad + size + pick(["", "", "", ";a", ";a=b", ";a=\"b;\\\"c\"", ";a=b;c"]) + "\r\n" + text + "\r\n"
  }

  private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<pick([0, 0, 1, 1, 1, 2, 3]) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0...4, using: &random) {
      case 0: bytes[place] = pick(Self.nasty)
      case 1: bytes.insert(pick(Self.nasty), at: place)
      case 2: bytes.remove(at: place)
      case 3: bytes.insert(contentsOf: octets(pick(Self.snippets)), at: place)
      default: insertLine(into: &bytes, near: place)
      }
    }
    return bytes
  }

  /// Puts a field line between two lines, where it does most harm.
  private mutating func insertLine(into bytes: inout [UInt8], near place: Int) {
    guard let feed = bytes[place...].firstIndex(of: 0x0A) else { return }
    bytes.insert(contentsOf: octets(pick(Self.fields + Self.snippets) + "\r\n"), at: feed + 1)
  }

  private mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }

  private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

  private static let nasty: [UInt8] =
    [0, 9, 10, 11, 12, 13, 13, 10, 32, 33, 34, 35, 37, 43, 44, 45, 46, 47, 48, 49, 58, 59, 61, 63, 64, 65, 92, 95]
    + [97, 102, 120, 123, 126, 127, 128, 160, 228, 255]
  private static let snippets = [
    "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", "\r\n ", "0\r\n\r\n", "Content-Length: 3", "Content-Length: 0",
    "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding:", "GET / HTTP/1.1", "Host: x",
    "\0",
    ";", "chunked", ", chunked", "0x", "+", "HTTP/1.1",
  ]
  private static let fields = [
    "Accept: */*", "X-A:b", "X-B:  c \t", "X-C:", "X-D: \u{E4}", "losantdomain: example.com", "Connection: keep-alive",
    "Connection: close", "Authorization: Bearer x", "Cookie: a=b; c=d", "X-E: a\tb", "etag: \"x\"", "Vary: a, b",
    "Keep-Alive: timeout=5", "X-F: :", "!#$%&'*+-.^_`|~: x",
  ]
}
