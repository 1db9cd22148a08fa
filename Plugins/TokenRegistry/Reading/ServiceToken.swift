import GatewayKit
import Synchronization
import UserApiTokens

/// Hands out the service token. One that stands in a file is read anew when the API refuses it.
final class ServiceToken: TokenProvider {
  private let file: String?
  private let current: Mutex<SecretToken>

  init(_ settings: ServiceTokenSettings) {
    file = settings.file
    current = Mutex(SecretToken(settings.secret.text ?? ""))
  }

  func accessToken(rejected: SecretToken?) async throws -> SecretToken? {
    if rejected != nil, let file, let renewed = (try? Secret.read(file: file))?.text {
      current.withLock { $0 = SecretToken(renewed) }
    }
    return current.withLock { $0 }
  }
}
