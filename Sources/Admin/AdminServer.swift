package import GatewayEngine
package import GatewayKit
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// The operators' interface: is the process alive, does it take traffic, what has it counted, which tokens are revoked,
/// and what is kept of answers. Bind it to loopback or to a network of your own: what only tells answers whoever reaches it.
package struct AdminServer: Sendable {
  private let services: ServiceGroup

  /// - Parameter bound: told the port once the interface is bound.
  package init(
    _ configuration: AdminConfiguration, gateway: Gateway, revocations: TokenRevocations, readiness: Readiness,
    logger: Logger,
    bound: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    let application = Application(
      router: Self.routes(
        gateway, readiness,
        RevocationRoutes(revocations: revocations, gate: AdminGuard(configuration), logger: logger),
        CacheRoutes(gateway: gateway, gate: AdminGuard(configuration), clock: SystemClock(), logger: logger)),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.bind.host, port: configuration.bind.port), serverName: nil),
      onServerRunning: { channel in bound(channel.localAddress?.port ?? 0) },
      logger: logger)
    services = ServiceGroup(configuration: .init(services: [.init(service: application)], logger: logger))
  }

  /// Serves until ``stop()``.
  ///
  /// - Throws: when the address cannot be bound.
  package func run() async throws { try await services.run() }

  /// Ends the interface; ``run()`` returns.
  package func stop() async { await services.triggerGracefulShutdown() }

  private static func routes(
    _ gateway: Gateway, _ readiness: Readiness, _ revocations: RevocationRoutes, _ caches: CacheRoutes
  ) -> Router<BasicRequestContext> {
    let router = Router()
    revocations.add(to: router)
    caches.add(to: router)
    router.get("livez") { _, _ in text("alive\n") }
    router.get("readyz") { _, _ in
      readiness.isReady ? text("ready\n") : text("not ready\n", status: .serviceUnavailable)
    }
    router.get("metrics") { _, _ in
      let page = MetricsPage.render(
        try await gateway.counters(), loops: gateway.loops, upstreams: try await gateway.upstreams(),
        plugins: gateway.pluginCounters)
      return text(page)
    }
    return router
  }

  private static func text(_ body: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
  }
}
