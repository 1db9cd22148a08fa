/// What the official Python and JavaScript clients were seen to send.
enum ClientRequests {
  static let all: [String] =
    [
      pythonList, pythonPost, pythonNetrc, scriptList, scriptDelete, scriptStream,
    ] + lines.map { python($0, "Authorization: Bearer eyJ.TEST.sig\r\n\r\n") }

  private static func python(_ line: String, _ rest: String) -> String {
    "\(line) HTTP/1.1\r\nHost: HOST\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\n"
      + "Accept: application/json\r\nConnection: keep-alive\r\nlosantdomain: example.com\r\nAccept-Version: ^1.31.0\r\n"
      + rest
  }

  private static let options = "_actions=false&_links=true&_embedded=true"
  private static let device = "/applications/575ec8687ae143cd83dc4a97/devices/575ec7417ae143cd83dc4a95"

  private static let pythonList = python(
    "GET /me/tokens?_actions=True&_links=False&_embedded=false&sortField=name&sortDirection=desc&page=1&perPage=10"
      + "&filterField=name&filter=my%2Atoken", "Authorization: Bearer eyJ.TEST.sig\r\n\r\n")
  private static let pythonNetrc = python("GET /me/tokens?\(options)", "Authorization: Basic dTpw\r\n\r\n")
  private static let pythonPost = python(
    "POST /me/tokens?\(options)",
    "Authorization: Bearer eyJ.TEST.sig\r\nContent-Length: 96\r\nContent-Type: application/json\r\n\r\n"
      + #"{"name": "Tok \u00e9", "scope": ["all.User.read"], "expirationDate": "2030-01-01T00:00:00.000Z"}"#)

  private static let scriptList =
    "GET /me/tokens?_actions=true&_links=false&_embedded=false&sortField=name&page=1&filter=my%2Atoken HTTP/1.1\r\n"
    + "Accept: application/json\r\nlosantdomain: example.com\r\nAccept-Version: ^1.30.0\r\n"
    + "Authorization: Bearer eyJ.TEST.sig\r\nUser-Agent: axios/1.2.1\r\nAccept-Encoding: gzip, compress, deflate, br\r\n"
    + "Host: HOST\r\nConnection: keep-alive\r\n\r\n"
  private static let scriptDelete =
    "DELETE /me/tokens/575ec7417ae143cd83dc4a95?\(options) HTTP/1.1\r\nAccept: application/json\r\n"
    + "Accept-Version: ^1.30.0\r\nAuthorization: Bearer eyJ.TEST.sig\r\nContent-Type: application/json\r\n"
    + "User-Agent: axios/1.2.1\r\nContent-Length: 2\r\nAccept-Encoding: gzip, compress, deflate, br\r\nHost: HOST\r\n"
    + "Connection: keep-alive\r\n\r\n{}"
  private static let scriptStream =
    "GET \(device)/stateStream?keepAliveInterval=2 HTTP/1.1\r\nAccept: application/json\r\nlosantdomain: example.com\r\n"
    + "Accept-Version: ^1.30.0\r\nAuthorization: Bearer eyJ.TEST.sig\r\ncache-control: no-cache\r\n"
    + "accept-encoding: gzip, deflate\r\nHost: HOST\r\n\r\n"

  private static let lines = [
    "GET /me/tokens?\(options)&page=0&perPage=100&filter=a+b%26c%3D%C3%A9%2F%3F%5Bx%5D%7By%7D%2B%25~",
    "GET /me/tokens/575ec7417ae143cd83dc4a95?\(options)",
    "GET /applications?\(options)&sortField=name&filter=my+%2A+app&summaryExclude=payloadCount",
    "GET /applications/575ec8687ae143cd83dc4a97/devices?\(options)&deviceClass%5B0%5D=gateway"
      + "&tagFilter%5B1%5D%5Bkey%5D=only&query=%7B%22%24or%22%3A+%5B%7B%22name%22%3A+%7B%22%24startsWith%22%3A+%22x%22"
      + "%7D%7D%5D%7D",
    "GET /orgs/575ec8687ae143cd83dc4a97/audit-logs?\(options)&start=-86400000&auditLogFilter%5Bflags%5D%5B0%5D=True",
    "GET /me/refreshToken?\(options)", "GET /me/tokens/a/b?c=d&\(options)",
    "GET /me/tokens/a%2Fb%3Fc%3Dd%23e%20f?\(options)",
  ]
}
