package import GatewayEngine
package import GatewayKit
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The operators' interface: is the process alive, does it take traffic, what has it counted. Bind it to loopback or to a
/// network of your own: it answers whoever reaches it.
package struct AdminServer: Sendable {
  private let configuration: AdminConfiguration
  private let gateway: Gateway
  private let readiness: Readiness
  private let logger: Logger

  package init(_ configuration: AdminConfiguration, gateway: Gateway, readiness: Readiness, logger: Logger) {
    self.configuration = configuration
    self.gateway = gateway
    self.readiness = readiness
    self.logger = logger
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter bound: told the port once the interface is bound.
  /// - Throws: when the address cannot be bound.
  package func run(bound: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    let application = Application(
      router: routes(),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.bind.host, port: configuration.bind.port), serverName: nil),
      onServerRunning: { channel in bound(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await application.run()
  }

  private func routes() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("livez") { _, _ in Self.text("alive\n") }
    router.get("readyz") { [readiness] _, _ in
      readiness.isReady ? Self.text("ready\n") : Self.text("not ready\n", status: .serviceUnavailable)
    }
    router.get("metrics") { [gateway] _, _ in
      Self.text(MetricsPage.render(try await gateway.counters(), plugins: gateway.pluginCounters.snapshot()))
    }
    return router
  }

  private static func text(_ body: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
  }
}
