import GatewayKit
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections to the endpoints of one upstream on one loop.
struct UpstreamConnector {
  private let configuration: UpstreamConfiguration
  private let bootstrap: ClientBootstrap
  private let tls: NIOSSLContext?
  private let eventLoop: any EventLoop

  init(_ configuration: UpstreamConfiguration, worker: LoopWorker) {
    self.configuration = configuration
    self.eventLoop = worker.eventLoop
    self.tls = worker.generation.tls
    self.bootstrap = ClientBootstrap(group: worker.eventLoop)
      .connectTimeout(.nanoseconds(configuration.connectTimeout.nanoseconds))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65536))
  }

  /// A connection on which nothing has been sent.
  ///
  /// A name can have several addresses, which are tried at the same time: each channel gets a handler of its own, and the
  /// winner's is the connection.
  func connect(to endpoint: Int, pool: UpstreamPool) -> EventLoopFuture<NIOLoopBound<UpstreamConnection>> {
    let target = configuration.endpoints[endpoint]
    let tls = target.isTLS ? tls : nil
    let (pool, eventLoop) = (NIOLoopBound(pool, eventLoop: eventLoop), eventLoop)
    let connecting = bootstrap.channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        if let tls { try channel.pipeline.syncOperations.addHandler(Self.tlsHandler(tls, host: target.host)) }
        try channel.pipeline.syncOperations.addHandler(UpstreamConnection(endpoint: endpoint, pool: pool.value))
      }
    }
    // What is written before the TLS handshake ends is held back by its handler; a failed handshake closes the connection.
    return connecting.connect(host: target.host, port: target.port).flatMapThrowing { channel in
      NIOLoopBound(try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self), eventLoop: eventLoop)
    }
  }

  /// An address has no server name (RFC 6066 section 3).
  private static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
    return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
  }
}
