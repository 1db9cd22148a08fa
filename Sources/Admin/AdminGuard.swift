import GatewayKit
import HTTPTypes
import Hummingbird
import NIOCore

/// Who may change something through the operators' interface.
struct AdminGuard: Sendable {
  private let token: Secret?
  private let isLocal: Bool

  init(_ configuration: AdminConfiguration) {
    token = configuration.token
    isLocal = Self.isLoopback(configuration.bind.host)
  }

  /// Why a call that changes something is refused; nil when it is not.
  func refusal(of request: Request) -> AdminAnswer? {
    if let refusal = refusalOfCaller(request) { return refusal }
    guard Self.isJSON(request.headers[.contentType]) else {
      // A page in a browser can send this type only to whom it may.
      return AdminAnswer(
        refusing: .unsupportedMediaType, "content_type_unsupported", "send Content-Type: application/json")
    }
    return nil
  }

  /// Why a call that tells what was changed is refused.
  func refusal(ofReading request: Request) -> AdminAnswer? {
    if let token { return Self.shows(token, request) ? nil : Self.tokenWanted }
    // Notes are for operators, not for a page that a browser on this machine shows.
    return isLocal ? Self.refusalOfAuthority(request) : nil
  }

  /// Why a call that looks through what is kept is refused: that costs time, so it is for operators only.
  func refusal(ofInspecting request: Request) -> AdminAnswer? { refusalOfCaller(request) }

  private func refusalOfCaller(_ request: Request) -> AdminAnswer? {
    if let token { return Self.shows(token, request) ? nil : Self.tokenWanted }
    guard isLocal else {
      return AdminAnswer(
        refusing: .forbidden, "admin_token_missing",
        "the operators' interface is not bound to a loopback address: configure admin.token to allow this")
    }
    return Self.refusalOfAuthority(request)
  }

  private static func refusalOfAuthority(_ request: Request) -> AdminAnswer? {
    if isLocalAuthority(request.head.authority) { return nil }
    return AdminAnswer(
      refusing: .forbidden, "host_refused",
      "Host names another machine: call a loopback address such as 127.0.0.1, or configure admin.token")
  }

  private static var tokenWanted: AdminAnswer {
    var answer = AdminAnswer(
      refusing: .unauthorized, "admin_token_invalid", "send Authorization: Bearer with the token of admin.token")
    answer.fields[.wwwAuthenticate] = "Bearer"
    return answer
  }

  private static func shows(_ token: Secret, _ request: Request) -> Bool {
    let values = request.headers[values: .authorization]
    guard values.count == 1, let value = values.first, value.prefix(7).lowercased() == "bearer " else { return false }
    return isEqual(Array(value.utf8.dropFirst(7)), token.bytes)
  }

  /// The time that this takes tells nothing of where they differ.
  private static func isEqual(_ shown: [UInt8], _ expected: [UInt8]) -> Bool {
    var difference: UInt8 = shown.count == expected.count ? 0 : 1
    for (index, byte) in expected.enumerated() { difference |= byte ^ (index < shown.count ? shown[index] : ~byte) }
    return difference == 0
  }

  private static func isJSON(_ value: String?) -> Bool {
    guard let type = value?.split(separator: ";", omittingEmptySubsequences: false).first else { return false }
    return type.trimmingBlanks.lowercased() == "application/json"
  }
}

// MARK: - Names of this machine

extension AdminGuard {
  /// A name that a page of another site has made mean this machine is none of its own (DNS rebinding).
  static func isLocalAuthority(_ authority: String?) -> Bool {
    guard let authority else { return false }
    if authority.hasPrefix("[") {
      let parts = authority.dropFirst().split(separator: "]", omittingEmptySubsequences: false)
      return parts.count == 2 && (parts[1].isEmpty || parts[1].hasPrefix(":")) && isLoopback(String(parts[0]))
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2 && isLoopback(String(parts.first ?? ""))
  }

  static func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    // As the system writes it, whatever the spelling was.
    guard let address = try? SocketAddress(ipAddress: host, port: 0).ipAddress else { return false }
    return address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
      return ""
    }
    return self[first...last]
  }
}
