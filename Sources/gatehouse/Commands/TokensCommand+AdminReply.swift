import AsyncHTTPClient
import Foundation
import NIOCore

/// What the admin side answers, refusals among it.
struct AdminReply: Codable {
  /// Where revocations are.
  static let path = "/tokens/revocations"

  struct Entry: Codable {
    var id: String?
    var issuer: String?
    var hash: String?
    var note: String?
    var since: String?
    var until: String?

    /// The token in words.
    var name: String {
      if let hash { return "hash \(hash)" }
      return "id \(id ?? "?")" + (issuer.map { " of \($0)" } ?? "")
    }
  }

  var kept: Bool?
  var warning: String?
  var most: Int?
  var count: Int?
  var revocations: [Entry]?
  var message: String?
  var reason: String?
  var id: String?
  var issuer: String?
  var hash: String?
  var note: String?
  var since: String?
  var until: String?

  var entry: Entry { Entry(id: id, issuer: issuer, hash: hash, note: note, since: since, until: until) }
}

/// Why a gateway was not told, and what may help.
struct AdminFailure: Error {
  let message: String
  let hint: String?

  /// Reasons of 404 that only an admin side gives.
  private static let known = ["revocation_unknown", "purge_domain_unknown", "cache_domain_unknown"]

  init(unreachable error: any Error, _ address: String) {
    let reason =
      switch error {
      case let error as HTTPClientError: error.description
      case let error as IOError: String(cString: strerror(error.errnoCode))
      default: "\(error)"
      }
    message = "no answer: \(reason.prefix(300))"
    hint = """
      Is a gateway's admin side there? It listens where `admin.bind` of its configuration says; --admin names another \
      address than \(address).
      """
  }

  init(status: Int, _ reply: AdminReply?, _ address: String, hasToken: Bool) {
    message = "\(status) \(reply?.message ?? "and nothing that this command can read")"
    hint =
      switch status {
      case 401 where !hasToken: "Give --admin-token-file or set GATEHOUSE_ADMIN_TOKEN."
      case 401: "The token is not the one that `admin.token` of that gateway names."
      case 404 where !Self.known.contains(reply?.reason ?? ""), 405:
        "Is \(address) the admin side (`admin.bind`) of a gateway, and not a listener?"
      case 200..<300: "Is \(address) the admin side (`admin.bind`) of a gateway?"
      default: nil
      }
  }
}
