public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat

/// A client of the actions on a user's own API tokens.
///
/// ```swift
/// let client = UserApiTokensClient(configuration: try .init(), tokens: StaticToken(token), httpClient: httpClient)
/// let page = try await client.userApiTokens.get(sortField: .creationDate, sortDirection: .descending)
/// for try await token in client.userApiTokens.all() { print(token.name ?? token.id) }
/// ```
///
/// A client holds no state and may be used by any number of tasks. It logs nothing. It never follows a redirect if the
/// `HTTPClient` was made with ``httpClientConfiguration``, which it should be.
public struct UserApiTokensClient: Sendable {
  /// Where the API is, and the limits of every call.
  public let configuration: Configuration
  let tokens: any TokenProvider
  let transport: Transport

  /// - Parameters:
  ///   - configuration: Where the API is.
  ///   - tokens: Where the access token comes from.
  ///   - httpClient: The connections. The caller shuts it down. Make it with ``httpClientConfiguration``.
  public init(configuration: Configuration, tokens: any TokenProvider, httpClient: HTTPClient) {
    self.configuration = configuration
    self.tokens = tokens
    transport = Transport(httpClient: httpClient, maximumAnswerSize: configuration.maximumAnswerSize)
  }

  /// Runs a body with a client that has connections of its own, and closes them afterwards.
  public static func withClient<Result: Sendable>(
    configuration: Configuration, tokens: any TokenProvider,
    _ body: (UserApiTokensClient) async throws -> Result
  ) async throws -> Result {
    let httpClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: httpClientConfiguration)
    do {
      let result = try await body(.init(configuration: configuration, tokens: tokens, httpClient: httpClient))
      try await httpClient.shutdown()
      return result
    } catch {
      try? await httpClient.shutdown()
      throw error
    }
  }

  /// The actions on all tokens of the user.
  public var userApiTokens: UserApiTokensActions { .init(client: self) }

  /// The actions on one token of the user.
  public var userApiToken: UserApiTokenActions { .init(client: self) }

  func call<Value: Decodable & Sendable>(
    _ request: WireRequest, as type: Value.Type, options: CallOptions
  ) async throws(UserApiTokensError) -> Value {
    let timeout = options.timeout ?? configuration.timeout
    let answer = try await withDeadline(timeout) { try await exchange(request, timeout: timeout) }
    return try answer.success(type)
  }

  /// Sends the request; after a 401, once more if the provider then has another token.
  private func exchange(_ request: WireRequest, timeout: Duration) async throws -> Transport.Answer {
    let token = try await accessToken(rejected: nil)
    let answer = try await transport.send(request.authorized(token), timeout: timeout)
    guard answer.status == 401, let token else { return answer }
    guard let renewed = try await accessToken(rejected: token), renewed != token else { return answer }
    return try await transport.send(request.authorized(renewed), timeout: timeout)
  }

  private func accessToken(rejected: SecretToken?) async throws -> SecretToken? {
    do {
      return try await tokens.accessToken(rejected: rejected)
    } catch let error as CancellationError {
      throw error
    } catch {
      throw UserApiTokensError.tokenUnavailable(reason: "\(error)")
    }
  }

  static func body(_ value: some Encodable) throws(UserApiTokensError) -> ByteBuffer {
    do {
      return try JSONEncoder().encodeAsByteBuffer(value, allocator: ByteBufferAllocator())
    } catch {
      throw .invalidArgument(name: "apiToken", reason: "cannot be written as JSON")
    }
  }
}
