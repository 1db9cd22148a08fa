import CEpoll
package import GatewayKit

/// How many descriptors (open files and sockets) the process may have.
package enum DescriptorLimit {
  /// For what is neither a client's connection nor its origin's: listeners, files, event loops, stores.
  private static let others = 64

  /// Raises the limit to the most that the system lets the process have.
  /// - Returns: the limit; nil when the system does not tell.
  package static func raise() -> Int? {
    let limit = gh_raise_descriptor_limit()
    return limit < 0 ? nil : Int(clamping: limit)
  }

  /// How many are needed when there are as many connections as there may be: each client's, and one to an origin for it.
  package static func needed(_ limits: LimitsConfiguration) -> Int { 2 * limits.connections + others }
}
