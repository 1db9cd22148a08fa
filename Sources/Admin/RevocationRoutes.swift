import GatewayKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Revoking tokens, taking that back, and what is in force.
struct RevocationRoutes: Sendable {
  /// The longest texts that are taken, with every character escaped.
  private static let longestBody = 32 << 10

  let revocations: TokenRevocations
  let gate: AdminGuard
  let logger: Logger

  func add(to router: Router<BasicRequestContext>) {
    router.get("tokens/revocations") { request, _ in (gate.refusal(ofReading: request) ?? list()).response }
    router.post("tokens/revocations") { request, _ in
      await gate.change(request, longest: Self.longestBody, revoke).response
    }
    router.delete("tokens/revocations") { request, _ in
      await gate.change(request, longest: Self.longestBody, restore).response
    }
  }

  @Sendable private func revoke(_ body: ByteBuffer) -> AdminAnswer {
    do {
      let members = try RevocationMembers(body.readableBytesView, known: ["id", "issuer", "hash", "note", "until"])
      let target = try members.target()
      let wanted = TokenRevocation(target, note: try members.note(), until: try members.time("until"))
      let entry = try revocations.revoke(wanted)
      note("token revoked", entry)
      return AdminAnswer(.created, body: rendered(entry) + "\n")
    } catch {
      return refusal(error) { path, reason in
        "the token IS revoked in this process, but that is not kept: \(path) cannot be written (\(reason)); "
          + "call again when that is mended, or the token is taken again after a restart"
      }
    }
  }

  @Sendable private func restore(_ body: ByteBuffer) -> AdminAnswer {
    do {
      let members = try RevocationMembers(body.readableBytesView, known: ["id", "issuer", "hash"])
      guard let entry = try revocations.restore(try members.target()) else {
        return AdminAnswer(
          refusing: .notFound, "revocation_unknown",
          "this is not revoked; GET /tokens/revocations tells what is, and an entry with an issuer is named with it")
      }
      note("token restored", entry)
      return AdminAnswer(.ok, body: rendered(entry) + "\n")
    } catch {
      return refusal(error) { path, reason in
        "the token is STILL revoked: \(path) cannot be written (\(reason)); call again when that is mended"
      }
    }
  }

  private func list() -> AdminAnswer {
    let list = revocations.list
    let entries = list.map { TextObject.render($0.members) }.joined(separator: ",\n")
    let head = "{\"kept\":\(revocations.path != nil),\"most\":\(revocations.most),\"count\":\(list.count)"
    return AdminAnswer(.ok, body: "\(head),\"revocations\":[\(entries)]}\n")
  }

  /// What is, or was, in force, and whether it is kept beyond the end of the process.
  private func rendered(_ entry: TokenRevocation) -> String {
    let text = TextObject.render(entry.members).dropLast()
    guard revocations.path == nil else { return "\(text),\"kept\":true}" }
    return "\(text),\"kept\":false,\"warning\":\(TextObject.text(Self.unkept))}"
  }

  private static let unkept = "this holds until the gateway ends; name a file under revocations.file to keep it"

  private func refusal(_ error: any Error, unkept: (_ path: String, _ reason: String) -> String) -> AdminAnswer {
    switch error {
    case let problem as RevocationMembers.Problem:
      return AdminAnswer(refusing: .badRequest, "revocation_invalid", problem.message)
    case RevocationFailure.full(let most):
      return AdminAnswer(
        refusing: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "revocations_full",
        "nothing was revoked: \(most) tokens are, which is revocations.most; raise it, or restore some")
    case RevocationFailure.notKept(let path, let reason):
      logger.error("the file of revocations cannot be written", metadata: ["file": "\(path)", "reason": "\(reason)"])
      return AdminAnswer(refusing: .internalServerError, "revocation_not_kept", unkept(path, reason))
    default: return AdminAnswer(refusing: .internalServerError, "failed", "\(error)")
    }
  }

  private func note(_ message: Logger.Message, _ entry: TokenRevocation) {
    let facts = entry.members.map { ($0.0, Logger.MetadataValue.string(Display.text($0.1, limit: 256))) }
    logger.notice(message, metadata: Dictionary(facts, uniquingKeysWith: { first, _ in first }))
  }
}
