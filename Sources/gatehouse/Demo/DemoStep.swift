/// One request of the demo, and what it shows.
struct DemoStep: Sendable {
  /// What the step shows, in a few words.
  let title: String
  var method = "GET"
  var path = "/me/tokens?perPage=5"
  /// The value of `losantdomain`.
  var domain = "example.com"
  /// The token's name among the demo's variables; nil for none.
  var token: String?
  /// A JSON body.
  var body: String?
  /// How often the request is sent; the last answer counts.
  var times = 1
  let status: Int
  /// A field of the answer and a text that it must hold.
  var field: (name: String, holds: String)?
  /// A text that the answer's body must hold.
  var content: String?

  static let all: [DemoStep] = [
    DemoStep(
      title: "a list of the user's tokens, straight from the origin", token: "READER", status: 200,
      field: ("cache-status", "fwd=miss")),
    DemoStep(title: "the same again: from the cache", token: "READER", status: 200, field: ("cache-status", "hit")),
    DemoStep(
      title: "another token never sees that entry", token: "ADMIN", status: 200, field: ("cache-status", "fwd=miss")),
    DemoStep(
      title: "a new token is created, and the kept lists are worthless", method: "POST", path: "/me/tokens",
      token: "ADMIN", body: #"{"name":"made by the demo","scope":["all.User.read"]}"#, status: 201,
      content: #""token":"#),
    DemoStep(
      title: "so the list is asked for anew", token: "READER", status: 200, field: ("cache-status", "fwd="),
      content: "made by the demo"),
    DemoStep(
      title: "no token", status: 401, field: ("www-authenticate", "Bearer"), content: "token_missing"),
    DemoStep(
      title: "the token's scopes do not allow it", token: "DEVICES", status: 403,
      field: ("www-authenticate", "insufficient_scope"), content: "scope_insufficient"),
    DemoStep(
      title: "a token of one domain is worth nothing in another", token: "TENANT", status: 401,
      content: "token_wrong_domain"),
    DemoStep(
      title: "no such domain", domain: "nobody.example", token: "READER", status: 404, content: "domain_unknown"),
    DemoStep(
      title: "the fourth request in a minute, where three are allowed", domain: "tenant.example",
      token: "TENANT", times: 4, status: 429, field: ("retry-after", ""), content: "rate_limited"),
  ]

  /// The step as a line for a shell in which the demo's variables are set.
  func curl(port: Int) -> String {
    var words = ["curl -i", "-H 'losantdomain: \(domain)'"]
    if let token { words.append("-H \"Authorization: Bearer $\(token)\"") }
    if method != "GET" { words.append("-X \(method)") }
    if let body { words.append("-H 'Content-Type: application/json' -d '\(body)'") }
    words.append("'http://127.0.0.1:\(port)\(path)'")
    let line = words.joined(separator: " ")
    return times == 1 ? line : "for i in $(seq \(times)); do \(line); echo; done"
  }
}
