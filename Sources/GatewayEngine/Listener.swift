import GatewayKit
import NIOCore
import NIOPosix

/// Accepts the connections of one address and spreads them over the loops.
struct Listener {
  private let configuration: ListenerConfiguration
  private let domainSources: [DomainSource]
  private let most: Int
  private let workers: [NIOLoopBound<LoopWorker>]

  init(
    _ configuration: ListenerConfiguration, _ gateway: GatewayConfiguration, workers: [NIOLoopBound<LoopWorker>]
  ) {
    self.configuration = configuration
    self.domainSources = configuration.domainSources ?? gateway.domainSources
    // Each loop holds its share, so that nothing is counted across loops.
    self.most = max(gateway.limits.connections / max(workers.count, 1), 1)
    self.workers = workers
  }

  func bind(_ group: any EventLoopGroup) async throws -> any Channel {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65536)
      )
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try accept(channel) }
      }
    return try await bootstrap.bind(host: configuration.bind.host, port: configuration.bind.port).get()
  }

  private func accept(_ channel: any Channel) throws {
    guard let worker = workers.first(where: { $0.eventLoop === channel.eventLoop })?.value else {
      throw ChannelError.operationUnsupported
    }
    guard worker.counters.connectionsOpen < UInt64(most), !worker.isDraining else {
      worker.counters.connectionsRefused &+= 1
      throw ChannelError.operationUnsupported
    }
    let address = channel.remoteAddress?.ipAddress ?? "unknown"
    let connection = ClientConnection(
      worker: worker, peerAddress: address, isSecure: false, domainSources: domainSources)
    try channel.pipeline.syncOperations.addHandler(connection)
  }
}
