import NIOCore

extension FieldBlock {
  /// Fields that mean the connection and not the message (RFC 9110 section 7.6.1).
  private static var ofConnection: FieldIDSet {
    [
      .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .proxyAuthenticate,
      .proxyAuthorization,
    ]
  }

  /// Fields that `Connection` must not name: who takes them away changes whom the message is for, what it says or who
  /// is believed to have sent it.
  private static var protected: FieldIDSet {
    [
      .host, .authorization, .contentLength, .transferEncoding, .losantdomain, .contentType, .contentEncoding,
      .contentRange, .cacheControl, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded,
      .via, .date, .cookie, .setCookie, .xRequestID, .acceptVersion, .expect, .maxForwards, .vary, .age, .etag,
      .expires, .wwwAuthenticate, .range, .secWebSocketKey, .secWebSocketVersion,
    ]
  }

  /// Marks removed what belongs to the connection and must not travel on: the fixed fields of RFC 9110 section 7.6.1
  /// and every field that `Connection` names.
  ///
  /// Read what is needed of them (Upgrade, TE) before. Framing was decided by the parser and is not affected.
  /// - Throws: `connectionNamesProtectedField` when `Connection` names a field that is meant for the receiver.
  public mutating func removeConnectionFields() throws(WireError) {
    if present.contains(.connection) {
      for index in fields.indices where fields[index].id == .connection {
        guard removeNamed(in: index) else { throw WireError(.connectionNamesProtectedField) }
      }
    }
    if present.contains(.other) { removeHTTP2Settings() }
    guard !present.intersection(Self.ofConnection).isEmpty else { return }
    for index in fields.indices where Self.ofConnection.contains(fields[index].id) {
      fields[index].flags.insert(.removed)
    }
  }

  /// HTTP2-Settings means the connection (RFC 7540 section 3.2.1), whether Connection names it or not. It has no
  /// identifier, since nothing else asks for it.
  private mutating func removeHTTP2Settings() {
    for index in fields.indices where fields[index].id == .other && fields[index].nameLength == 14 {
      if withName(index, { $0.bytes.equalsFoldingCase("http2-settings") }) { remove(at: index) }
    }
  }

  /// Removes the fields that one Connection field names; false when it names a protected one.
  private mutating func removeNamed(in index: Int) -> Bool {
    let head = bytes
    return head.withUnsafeReadableBytes { raw in
      var isAllowed = true
      let value = raw.bytes.extracting(fields[index].valueOffsets)
      ListElements.forEach(in: value) { option in
        if !removeNamed(option, raw.bytes) { isAllowed = false }
      }
      return isAllowed
    }
  }

  private mutating func removeNamed(_ option: RawSpan, _ head: RawSpan) -> Bool {
    let id = FieldID(name: option)
    guard id == .other else {
      guard !Self.protected.contains(id) else { return false }
      remove(id)
      return true
    }
    for index in fields.indices where fields[index].id == .other {
      guard Int(fields[index].nameLength) == option.byteCount else { continue }
      if head.extracting(fields[index].nameOffsets).equalsIgnoringCase(option) { remove(at: index) }
    }
    return true
  }
}
