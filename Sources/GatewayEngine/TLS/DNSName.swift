/// DNS names as TLS compares them.
enum DNSName {
  /// In lower case, without the dot at the end; nil for what is no name: empty, too long, or with other characters than
  /// letters, digits, `-`, `_` and `.`.
  static func normalize(_ bytes: some Collection<UInt8>) -> String? {
    guard bytes.count <= 255 else { return nil }
    var name: [UInt8] = []
    name.reserveCapacity(bytes.count)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        name.append(byte)
      default: return nil
      }
    }
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
  }

  /// `*.example.com` for `www.example.com`; nil when the name has one label.
  static func wildcard(for name: String) -> String? {
    guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), dot != name.startIndex else { return nil }
    return "*" + name[dot...]
  }
}
