import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import UserApiTokens

/// Finds the action that a request asks for, and gives every answer the API's form.
struct TokenResponder: HTTPResponder {
  let actions: TokenActions
  let maximumBodySize: Int
  let keySet: PublicKeySet
  let keySetSeconds: Int

  /// How much of a body that is too large is read and thrown away, so that the client gets to see the answer.
  private static let drainedBytes = 8 << 20

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    var response: Response
    do {
      response = try await answer(request)
    } catch let failure as ServiceFailure {
      response = try Answer.failure(failure)
    } catch is BodyThatNeverEnds {
      // Nothing more is read from this connection: the error after the last byte closes it.
      let body = try Answer.failure(.tooLarge(limit: maximumBodySize))
      response = Response(
        status: body.status, headers: body.headers,
        body: ResponseBody(contentLength: body.body.contentLength) { writer in
          try await body.body.write(writer)
          throw BodyThatNeverEnds()
        })
    } catch {
      context.logger.error("Request failed", metadata: ["error": "\(error)"])
      response = try Answer.failure(
        ServiceFailure(status: .internalServerError, type: "Error", message: "Internal Server Error"))
    }
    // An answer to HEAD has no content (RFC 9110, section 9.3.2); any would be taken for the next answer.
    if request.method == .head { response = response.createHeadResponse() }
    Answer.decorate(&response, origin: request.headers[.origin])
    context.logger.debug("Answered", metadata: ["method": "\(request.method)", "status": "\(response.status.code)"])
    return response
  }

  private func answer(_ request: Request) async throws -> Response {
    if request.method == .options { return Answer.preflight() }
    let target = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var segments = target[0].split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    // A closing slash makes no difference.
    if segments.count > 1, segments.last == "" { segments.removeLast() }
    let query = target.count > 1 ? String(target[1]) : ""
    switch (request.method, segments) {
    case (.get, ["livez"]): return try Answer.json(["status": "ok"])
    case (.get, [".well-known", "jwks.json"]): return try publishKeySet()
    case (_, ["livez"]), (_, [".well-known", "jwks.json"]):
      throw ServiceFailure.methodNotAllowed(request.method, allow: "GET, OPTIONS")
    default: return try await actions.respond(to: try await actionRequest(request, segments, query))
    }
  }

  private func publishKeySet() throws -> Response {
    try Answer.json(keySet, headers: [.cacheControl: "public, max-age=\(keySetSeconds)"])
  }

  private func actionRequest(_ request: Request, _ path: [String], _ query: String) async throws -> ActionRequest {
    let isOne = path.count == 3
    guard path.count == 2 || isOne, path[0] == "me", path[1] == "tokens" else {
      throw ServiceFailure.methodNotAllowed(request.method, allow: "OPTIONS")
    }
    let action: TokenAction? =
      switch request.method {
      case .get: isOne ? .show : .list
      case .post: isOne ? nil : .create
      case .patch: isOne ? .change : nil
      case .delete: isOne ? .delete : nil
      default: nil
      }
    guard let action else {
      throw ServiceFailure.methodNotAllowed(
        request.method, allow: isOne ? "DELETE, GET, OPTIONS, PATCH" : "GET, OPTIONS, POST")
    }
    guard !isOne || path[2].utf8.count <= 300, let id = isOne ? path[2].removingPercentEncoding : "" else {
      throw ServiceFailure.validation("apiTokenId", "pattern mismatch")
    }
    return ActionRequest(
      action: action, tokenID: isOne ? id : nil, query: try QueryParameters(query), headers: request.headers,
      body: try await body(request))
  }

  /// The body as JSON; `nil` if there is none.
  private func body(_ request: Request) async throws -> JSONValue? {
    if request.method == .get { return nil }
    let bytes = try await collect(request.body)
    if bytes.readableBytes == 0 { return nil }
    if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
      throw ServiceFailure.unsupportedMedia("Content-Encoding \(coding) is not supported; send the body as it is")
    }
    let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased() ?? "application/json"
    guard type.trimmingCharacters(in: .whitespaces) == "application/json" else {
      throw ServiceFailure.unsupportedMedia("\(type) is not supported; send application/json")
    }
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(bytes.readableBytesView))
    } catch {
      throw ServiceFailure.invalidJSON("the body is not a JSON text")
    }
  }

  private func collect(_ body: RequestBody) async throws -> ByteBuffer {
    var collected = ByteBuffer()
    var dropped = 0
    for try await var part in body {
      if dropped == 0, collected.readableBytes + part.readableBytes <= maximumBodySize {
        collected.writeBuffer(&part)
      } else {
        dropped += part.readableBytes
        if dropped > Self.drainedBytes { throw BodyThatNeverEnds() }
      }
    }
    guard dropped == 0 else { throw ServiceFailure.tooLarge(limit: maximumBodySize) }
    return collected
  }
}

private struct BodyThatNeverEnds: Error {}
