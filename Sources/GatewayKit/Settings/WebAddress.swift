/// What the text of an `http` or `https` address tells before anybody connects to it.
package enum WebAddress {
  /// Host and port, and what stands before them with an `@`.
  package static func authority(of url: String) -> Substring {
    let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
    return rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
  }

  /// Whether the address is this machine, by its own name or number, not by what a resolver says.
  package static func isLoopback(_ url: String) -> Bool {
    let authority = authority(of: url)
    if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
    let host = authority.prefix { $0 != ":" }
    if host == "localhost" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
