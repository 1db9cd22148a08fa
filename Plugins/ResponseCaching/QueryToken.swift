import HTTPWire

/// Parameters of a query in which origins look for credentials.
enum QueryToken {
  private static let names: [StaticString] = [
    "access_token", "jwt", "token", "id_token", "auth_token", "api_key", "apikey",
  ]

  static func isName(_ name: some Collection<UInt8>) -> Bool {
    names.contains { OctetClass.equalIgnoringCase(name, $0) }
  }

  static func isThere(in request: RequestHead) -> Bool {
    guard request.hasQuery else { return false }
    return request.withQuery { query in
      query.split(separator: UInt8(ascii: "&")).contains { isName($0.prefix { $0 != UInt8(ascii: "=") }) }
    } ?? false
  }
}
