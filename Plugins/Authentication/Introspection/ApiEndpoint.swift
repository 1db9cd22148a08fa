import AsyncHTTPClient
import UserApiTokens

/// Asks the API itself, with the caller's own token: it lists the user's tokens, one at most.
///
/// The API verifies a token before it judges scopes. So 401 means that the token is not good, and 403 in the API's own
/// form that it is good and may not list tokens.
struct ApiEndpoint: IntrospectionEndpoint {
  /// A page with one token: its description and roles may be long.
  private static let largest = 512 << 10

  private let configuration: UserApiTokensClient.Configuration
  private let sendsDomain: Bool
  private let httpClient: HTTPClient

  init(
    address: String, sendsDomain: Bool, timeout: Duration, httpClient: HTTPClient
  ) throws(UserApiTokensError) {
    configuration = try .init(baseURL: address, timeout: timeout, maximumAnswerSize: Self.largest)
    self.sendsDomain = sendsDomain
    self.httpClient = httpClient
  }

  func ask(_ token: [UInt8], domain: String?) async -> EndpointAnswer {
    let options = CallOptions(losantdomain: sendsDomain ? domain : nil, links: false, embedded: false)
    switch await list(token, options) {
    case .listed: return .active(nil)
    case .unauthorized: return .inactive
    case .forbidden: return await confirmForbidden(token, options)
    case .failed(let problem): return .unavailable(problem)
    }
  }

  private enum Outcome {
    case listed, unauthorized, forbidden
    case failed(EndpointProblem)
  }

  /// The API gives the same 403 to a request without any token. Something in between may have dropped the token, or not
  /// have looked at it, so the answer counts only if a token with a spoilt signature gets another.
  private func confirmForbidden(_ token: [UInt8], _ options: CallOptions) async -> EndpointAnswer {
    switch await list(Self.spoilt(token), options) {
    case .unauthorized: return .active(nil)
    case .failed(let problem): return .unavailable(problem)
    case .listed, .forbidden:
      return .unavailable(EndpointProblem("does not tell good tokens from forged ones", isGeneral: false))
    }
  }

  /// The token with the first character of its signature changed. It stays canonical: only the last one has spare bits.
  static func spoilt(_ token: [UInt8]) -> [UInt8] {
    var token = token
    guard let dot = token.lastIndex(of: UInt8(ascii: ".")), dot + 1 < token.count else { return token }
    token[dot + 1] = token[dot + 1] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
    return token
  }

  private func list(_ token: [UInt8], _ options: CallOptions) async -> Outcome {
    let text = SecretToken(String(decoding: token, as: UTF8.self))
    let client = UserApiTokensClient(
      configuration: configuration, tokens: StaticToken(text), httpClient: httpClient)
    do throws(UserApiTokensError) {
      _ = try await client.userApiTokens.get(perPage: 1, options: options)
      return .listed
    } catch {
      return Self.outcome(error)
    }
  }

  private static func outcome(_ error: UserApiTokensError) -> Outcome {
    if error.status == 401 { return .unauthorized }
    switch error {
    case .api(let error) where error.status == 403 && error.type == "Forbidden": return .forbidden
    case .api, .redirect, .unexpectedAnswer:
      let status = error.status ?? 0
      if status < 300 { return .failed(EndpointProblem("answered with something else than tokens", isGeneral: false)) }
      return .failed(EndpointProblem(status: status))
    case .answerTooLarge(let limit):
      return .failed(EndpointProblem("answered with more than \(limit) bytes", isGeneral: false))
    case .timeout: return .failed(EndpointProblem("did not answer in time", isGeneral: true))
    case .connection: return .failed(EndpointProblem("could not be reached, or broke off", isGeneral: true))
    case .cancelled: return .failed(EndpointProblem("was not waited for", isGeneral: false))
    case .invalidArgument, .tokenUnavailable, .endlessList:
      return .failed(EndpointProblem("could not be asked: token or domain cannot be sent", isGeneral: false))
    }
  }
}
