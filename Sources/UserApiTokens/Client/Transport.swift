import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Sends requests and reads answers; knows nothing of tokens' actions.
struct Transport: Sendable {
  let httpClient: HTTPClient
  let maximumAnswerSize: Int

  struct Answer: Sendable {
    let status: Int
    let body: ByteBuffer
    let retryAfter: RetryAfter?
    let location: String?
  }

  func send(_ request: HTTPClientRequest, timeout: Duration) async throws(UserApiTokensError) -> Answer {
    do {
      let limit = Int64(min(max(timeout, .milliseconds(1)), .seconds(86_400)).components.seconds) + 1
      let response = try await httpClient.execute(request, timeout: .seconds(limit))
      // Only an `HTTPClient` with another configuration follows redirects; what it brings back is not from the API.
      if response.history.count > 1, let first = response.history.first?.responseHead {
        throw UserApiTokensError.redirect(
          status: Int(first.status.code), location: first.headers.first(name: "Location"))
      }
      return Answer(
        status: Int(response.status.code), body: try await collect(response),
        retryAfter: response.headers.first(name: "Retry-After").flatMap(RetryAfter.init(field:)),
        location: response.headers.first(name: "Location"))
    } catch let error as UserApiTokensError {
      throw error
    } catch is CancellationError {
      throw .cancelled
    } catch let error as HTTPClientError {
      throw Self.map(error, timeout: timeout)
    } catch {
      throw .connection(reason: "\(error)")
    }
  }

  private func collect(_ response: HTTPClientResponse) async throws -> ByteBuffer {
    let declared = response.headers.first(name: "Content-Length").flatMap(Int.init) ?? 0
    guard declared <= maximumAnswerSize else { throw UserApiTokensError.answerTooLarge(limit: maximumAnswerSize) }
    var collected = ByteBuffer()
    for try await var part in response.body {
      guard part.readableBytes <= maximumAnswerSize - collected.readableBytes else {
        throw UserApiTokensError.answerTooLarge(limit: maximumAnswerSize)
      }
      collected.writeBuffer(&part)
    }
    return collected
  }

  private static func map(_ error: HTTPClientError, timeout: Duration) -> UserApiTokensError {
    switch error {
    case .cancelled: .cancelled
    case .deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout, .tlsHandshakeTimeout,
      .getConnectionFromPoolTimeout:
      .timeout(timeout)
    default: .connection(reason: error.description)
    }
  }
}

extension Transport.Answer {
  /// The body of a successful answer, or the error that the answer is.
  func success<Value: Decodable>(_ type: Value.Type) throws(UserApiTokensError) -> Value {
    switch status {
    case 200..<300: break
    case 300..<400: throw .redirect(status: status, location: location)
    default: throw failure()
    }
    do {
      return try JSONDecoder().decode(type, from: Data(buffer: body))
    } catch let error as DecodingError {
      throw .unexpectedAnswer(status: status, reason: error.place, excerpt: "", retryAfter: nil)
    } catch {
      throw .unexpectedAnswer(status: status, reason: "not JSON", excerpt: "", retryAfter: nil)
    }
  }

  private func failure() -> UserApiTokensError {
    if let members = try? JSONDecoder().decode([String: JSONValue].self, from: Data(buffer: body)) {
      return .api(ApiError(status: status, body: members, retryAfter: retryAfter))
    }
    let text = String(decoding: body.readableBytesView.prefix(800), as: UTF8.self)
    let shown = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 }).prefix(200))
    return .unexpectedAnswer(status: status, reason: "not a JSON object", excerpt: shown, retryAfter: retryAfter)
  }
}

extension DecodingError {
  /// What was wrong and where, without the value that was there.
  fileprivate var place: String {
    switch self {
    case .keyNotFound(let key, let context): "\(Self.path(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context): "\(Self.path(context.codingPath)) has another type"
    case .valueNotFound(_, let context): "\(Self.path(context.codingPath)) is null"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "not JSON" : "\(Self.path(context.codingPath)) cannot be read"
    @unknown default: "it cannot be read"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "the answer" : keys.map(\.stringValue).joined(separator: ".")
  }
}
