import Testing

/// Targets that are accepted, and the path and query that everybody sees.
enum Targets {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let path: String
    let query: String?
    let form: String
    let method: String
    var testDescription: String { text }

    init(_ text: String, _ path: String, _ query: String? = nil, form: String = "origin", method: String = "GET") {
      self.text = text
      self.path = path
      self.query = query
      self.form = form
      self.method = method
    }
  }

  static let all: [Case] = [
    Case("/", "/"), Case("/?", "/", ""), Case("/a?b?c", "/a", "b?c"), Case("//me//tokens", "/me/tokens"),
    Case("/a/./b", "/a/b"), Case("/a/../b", "/b"), Case("/a/b/..", "/a/"), Case("/a/.", "/a/"), Case("/a/", "/a/"),
    Case("/a//", "/a/"), Case("/a/.../b", "/a/.../b"), Case("/.well-known/x", "/.well-known/x"), Case("/..a", "/..a"),
    Case("/%41%7e%2d", "/A~-"), Case("/a%2fb%5c", "/a%2Fb%5C"), Case("/a/%2E%2e/b", "/b"), Case("/%c3%A9", "/%C3%A9"),
    Case("/a;b=c/d", "/a;b=c/d"), Case("/a%252e", "/a%252e"), Case("/%20%25", "/%20%25"),
    Case("/me/tokens/a%2Fb%3Fc%3Dd%23e%20f?x=1", "/me/tokens/a%2Fb%3Fc%3Dd%23e%20f", "x=1"),
    Case("/?a[0]=b&c={d}|e^f`g", "/", "a[0]=b&c={d}|e^f`g"), Case("/?%01%0d", "/", "%01%0d"),
    Case("http://ex.COM:80/a?b", "/a", "b", form: "absolute"), Case("HTTPS://EX.com:80", "/", form: "absolute"),
    Case("http://EX.com:80?q", "/", "q", form: "absolute"),
    Case("*", "*", form: "asterisk", method: "OPTIONS"), Case("/x", "/x", method: "PURGE"),
    Case("http://EX.com:80", "*", form: "asterisk", method: "OPTIONS"),
    Case("http://EX.com:80/", "/", form: "absolute", method: "OPTIONS"), Case("/x", "/x", method: "get"),
  ]
}
