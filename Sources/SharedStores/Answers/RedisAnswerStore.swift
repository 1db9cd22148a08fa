import GatewayEngine
package import GatewayKit
package import Logging
import NIOCore
import Synchronization

/// Keeps answers on a Redis server, for gateways that use the same one. Each loop has a connection of its own.
package final class RedisAnswerStore: SharedAnswers {
  package let secret: Secret
  package let largest: Int
  package let patience: Int64
  private let settings: RedisSettings
  private let maxInFlight: Int
  private let commands: AnswerCommand
  private let logger: Logger
  private let links = Mutex<[ObjectIdentifier: (loop: PollLoop, link: NIOLoopBound<AnswerLink>)]>([:])

  /// A store on this server. Nothing is connected until somebody asks.
  package init(_ settings: RedisSettings, _ tier: SecondTierConfiguration, logger: Logger) {
    secret = tier.secret
    largest = tier.maxObject
    patience = settings.timeout.limit
    maxInFlight = tier.maxInFlight
    commands = AnswerCommand(places: SharedPlaces(secret).key, largest: largest)
    self.settings = settings
    self.logger = logger
  }

  deinit {
    for (loop, link) in links.withLock({ Array($0.values) }) { loop.execute { link.value.shutdown() } }
  }

  /// Always the same on a loop. On a loop that is not the gateway's own there is none.
  package func access(on loop: LoopContext) -> (any SharedAnswersAccess)? {
    guard let pollLoop = loop.eventLoop as? PollLoop else { return nil }
    let known = links.withLock { links in
      let id = ObjectIdentifier(pollLoop)
      if let known = links[id] { return known.link }
      let redis = RedisLink(settings, on: pollLoop, logger: logger)
      let made = NIOLoopBound(
        AnswerLink(redis, commands, maxInFlight: maxInFlight, context: loop), eventLoop: pollLoop)
      links[id] = (pollLoop, made)
      return made
    }
    return known.value
  }
}
