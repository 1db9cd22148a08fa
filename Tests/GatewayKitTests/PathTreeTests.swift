import GatewayKit
import HTTPWire
import Testing

@Suite struct PathTreeTests {
  private static func match(_ tree: PathTree<String>, _ method: String, _ path: String) -> String {
    let known = Method(knownName: method) ?? .other
    let match = Array(method.utf8).withUnsafeBytes { name in
      Array(path.utf8).withUnsafeBytes { tree.match(known, methodName: name, path: $0) }
    }
    switch match {
    case .found(let value): return value
    case .methodNotAllowed: return "405"
    case .notFound: return "404"
    }
  }

  private static let tree: PathTree<String> = {
    var tree = PathTree<String>()
    for (pattern, method, value) in [
      ("/", "GET", "root"), ("/me/tokens", "GET", "list"), ("/me/tokens", "POST", "create"),
      ("/me/tokens/{id}", "GET", "show"), ("/me/tokens/{id}", nil, "token-any"), ("/me/{what}", "GET", "me"),
      ("/devices/{id}/names", "GET", "names"), ("/devices/deviceNames", "GET", "device-names"),
      ("/devices/{id}", "GET", "device"), ("/devices/{id}", "DELETE", "remove"), ("/files/*", "GET", "files"),
      ("/files/special", "PURGE", "purge"),
    ] as [(String, String?, String)] {
      tree.insert(pattern, method: method, value)
    }
    return tree
  }()

  @Test(arguments: [
    ("GET", "/", "root"), ("GET", "/me/tokens", "list"), ("GET", "/me/tokens/", "list"), ("HEAD", "/me/tokens", "list"),
    ("POST", "/me/tokens", "create"), ("DELETE", "/me/tokens", "405"), ("GET", "/me/tokens/1", "show"),
    ("HEAD", "/me/tokens/1", "show"), ("PATCH", "/me/tokens/1", "token-any"), ("PURGE", "/me/tokens/1", "token-any"),
    ("GET", "/me/tokens/1/2", "404"), ("GET", "/me/other", "me"), ("GET", "/me", "404"),
    ("GET", "/devices/deviceNames", "device-names"), ("GET", "/devices/deviceNames/names", "names"),
    ("DELETE", "/devices/deviceNames", "remove"), ("GET", "/devices/x", "device"), ("GET", "/files/a/b/c", "files"),
    ("GET", "/files/", "files"), ("GET", "/files", "404"), ("GET", "/files/special", "files"),
    ("PURGE", "/files/special", "purge"), ("purge", "/files/special", "405"), ("GET", "/me/tokens/a%2Fb", "show"),
    ("GET", "/ME/tokens", "404"), ("GET", "/me//tokens", "404"),
  ])
  func finds(_ method: String, _ path: String, _ expected: String) {
    #expect(Self.match(Self.tree, method, path) == expected, "\(method) \(path)")
  }

  @Test func refusesTheSameShapeTwice() {
    var tree = PathTree<String>()
    #expect(tree.isEmpty)
    var took: [Bool] = []
    took.append(tree.insert("/a/{b}", method: "GET", "one"))
    took.append(tree.insert("/a/{c}", method: "GET", "two"))
    took.append(tree.insert("/a/{c}", method: nil, "any"))
    took.append(tree.insert("/a/{d}", method: nil, "any"))
    took.append(tree.insert("/a/{d}", method: "PURGE", "purge"))
    took.append(tree.insert("/a/{d}", method: "PURGE", "purge"))
    #expect(took == [true, false, true, false, true, false])
    #expect(Self.match(tree, "GET", "/a/x") == "one")
    #expect(!tree.isEmpty)
  }

  /// Against a slow search over all patterns, on random trees and paths.
  @Test func agreesWithASlowSearch() {
    var generator = SystemRandomNumberGenerator()
    let words = ["a", "b", "cc", "{x}", "{y}"]
    for _ in 0..<200 {
      var tree = PathTree<String>()
      var patterns: [[String]] = []
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        var parts = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
          words.randomElement(using: &generator) ?? "a"
        }
        if Int.random(in: 0..<4, using: &generator) == 0 { parts[parts.count - 1] = "*" }
        let pattern = "/" + parts.joined(separator: "/")
        if tree.insert(pattern, method: nil, Self.shape(parts)) { patterns.append(parts) }
      }
      for _ in 0..<50 {
        let path = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
          ["a", "b", "cc", "d"].randomElement(using: &generator) ?? "a"
        }
        let expected = Self.best(path, patterns).map(Self.shape) ?? "404"
        #expect(Self.match(tree, "GET", "/" + path.joined(separator: "/")) == expected)
      }
    }
  }

  private static func shape(_ parts: [String]) -> String {
    parts.map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/")
  }

  /// The pattern that fits and is most specific at the first segment where two differ.
  private static func best(_ path: [String], _ patterns: [[String]]) -> [String]? {
    func rank(_ part: String) -> Int { part == "*" ? 2 : part.hasPrefix("{") ? 1 : 0 }
    return patterns.filter { fits(path, $0) }.min { a, b in
      for (left, right) in zip(a, b) where rank(left) != rank(right) { return rank(left) < rank(right) }
      return false
    }
  }

  private static func fits(_ path: [String], _ pattern: [String]) -> Bool {
    for (index, part) in pattern.enumerated() {
      if part == "*" { return path.count > index }
      if index >= path.count || (!part.hasPrefix("{") && part != path[index]) { return false }
    }
    return path.count == pattern.count
  }
}
