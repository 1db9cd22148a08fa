import GatewayKit

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Texts to host names, addresses and URLs.
enum AddressParser {
  /// `0.0.0.0:8080`, `[::1]:8080`, `localhost:8080`; port 0 lets the system choose.
  static func bind(_ text: String) -> BindAddress? {
    guard let (host, port) = hostAndPort(text), let port else { return nil }
    return BindAddress(host: host, port: port)
  }

  /// `https://host`, `http://host:port/base` or `host:port`, which means plain HTTP.
  static func endpoint(_ text: String) -> Endpoint? {
    var rest = text[...]
    var scheme: String?
    if let separator = text.firstRange(of: "://") {
      scheme = text[..<separator.lowerBound].lowercased()
      rest = text[separator.upperBound...]
      guard scheme == "http" || scheme == "https" else { return nil }
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let (host, port) = hostAndPort(String(rest[..<slash])), port != 0 else { return nil }
    guard let basePath = basePath(rest[slash...]) else { return nil }
    guard let scheme else {
      guard let port, basePath.isEmpty, slash == rest.endIndex else { return nil }
      return Endpoint(isTLS: false, host: host, port: port)
    }
    let isTLS = scheme == "https"
    return Endpoint(isTLS: isTLS, host: host, port: port ?? (isTLS ? 443 : 80), basePath: basePath)
  }

  /// Host and port; the port is nil when there is no colon. nil when either is malformed.
  static func hostAndPort(_ text: String) -> (host: String, port: Int?)? {
    let end: String.Index
    var host: String
    if text.utf8.first == UInt8(ascii: "[") {
      guard let bracket = text.firstIndex(of: "]") else { return nil }
      host = String(text[..<bracket].dropFirst())
      end = text.index(after: bracket)
      guard isIPv6(host) else { return nil }
    } else {
      end = text.firstIndex(of: ":") ?? text.endIndex
      guard let name = HostName.normalize(String(text[..<end])) else { return nil }
      host = name
    }
    host = host.lowercased()
    if end == text.endIndex { return (host, nil) }
    guard text[end] == ":", let port = port(text[text.index(after: end)...]) else { return nil }
    return (host, port)
  }

  private static func port(_ text: Substring) -> Int? {
    guard (1...5).contains(text.utf8.count), let port = ValueParser.integer(String(text)) else { return nil }
    return (0...65_535).contains(port) ? port : nil
  }

  private static func isIPv6(_ text: String) -> Bool {
    // The C function would stop at a NUL and take what is before it.
    guard text.utf8.allSatisfy({ "0123456789abcdefABCDEF:.".utf8.contains($0) }) else { return false }
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }

  /// A path without its closing slash; nil when it could change the meaning of what is put behind it.
  private static func basePath(_ text: Substring) -> String? {
    let path = text.last == "/" ? text.dropLast() : text
    if path.isEmpty { return "" }
    guard let pattern = try? PathPattern(String(path)) else { return nil }
    for segment in pattern.segments {
      guard case .fixed = segment else { return nil }
    }
    return String(path)
  }
}

/// Host names as domains have them.
enum HostName {
  /// The name in lower case; nil when it is no host name (RFC 1123 section 2.1) or no valid IPv4 address.
  static func normalize(_ text: String) -> String? {
    // ASCII first: the lower case of some other letters is ASCII.
    guard (1...253).contains(text.utf8.count), text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let name = text.lowercased()
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy(isLabel) else { return nil }
    // A name whose last label is a number would be taken for an address.
    if labels.last?.utf8.allSatisfy(isDigit) == true, !isIPv4(labels) { return nil }
    return name
  }

  /// Whether a normal name is an IPv4 address: its last label is a number.
  static func isAddress(_ name: String) -> Bool {
    name.utf8.reversed().prefix { $0 != UInt8(ascii: ".") }.allSatisfy(isDigit)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    guard (1...63).contains(label.utf8.count) else { return false }
    if label.utf8.first == UInt8(ascii: "-") || label.utf8.last == UInt8(ascii: "-") { return false }
    return label.utf8.allSatisfy { byte in
      isDigit(byte) || byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
  }

  private static func isIPv4(_ labels: [Substring]) -> Bool {
    labels.count == 4 && labels.allSatisfy { label in UInt8(label).map { "\($0)" == label } ?? false }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
