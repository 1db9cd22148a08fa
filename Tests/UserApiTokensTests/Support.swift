import Testing
import UserApiTokens

let token = SecretToken("eyJ.TEST.sig")

func withClient<Result: Sendable>(
  _ url: String, token: SecretToken? = token, maximumAnswerSize: Int = 1 << 20,
  _ body: (UserApiTokensClient) async throws -> Result
) async throws -> Result {
  let configuration = try UserApiTokensClient.Configuration(baseURL: url, maximumAnswerSize: maximumAnswerSize)
  return try await UserApiTokensClient.withClient(configuration: configuration, tokens: StaticToken(token), body)
}

/// The error that a body ends with; a body that ends without one is a failed test.
func failure<Value>(_ body: () async throws -> Value) async throws -> UserApiTokensError {
  do {
    _ = try await body()
  } catch let error as UserApiTokensError {
    return error
  }
  Issue.record("no error was thrown")
  return .cancelled
}

let emptyPage = #"{"items":[],"count":0,"totalCount":0}"#
let oneToken = #"{"id":"575ec7417ae143cd83dc4a95","name":"n"}"#
