import GatewayKit
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Accepts the connections of one address on one loop.
final class Listener {
  private let configuration: ListenerConfiguration
  private let domainSources: DomainSources
  private let most: Int
  private let worker: LoopWorker
  private let tls: ReloadableTLS<ServerTLSMaterial>?
  private var acceptor: Acceptor?

  /// - Parameters:
  ///   - index: the listener's place in the configuration.
  ///   - loops: how many loops there are: each holds its share, so that nothing is counted across loops.
  init(_ index: Int, worker: LoopWorker, loops: Int) {
    let gateway = worker.generation.configuration
    configuration = gateway.listeners[index]
    tls = worker.generation.listenerTLS[index]
    self.domainSources = DomainSources(configuration.domainSources ?? gateway.domainSources)
    self.most = max(gateway.limits.connections / max(loops, 1), 1)
    self.worker = worker
  }

  func start(_ socket: ListeningSocket) throws(SystemError) {
    let acceptor = Acceptor(
      socket, loop: worker.loop, accepted: { [unowned self] in accept($0, $1) },
      failed: { [unowned self] _ in pause() })
    self.acceptor = acceptor
    try acceptor.start()
  }

  /// Accepts nothing any more.
  func stop() {
    acceptor?.stop()
    acceptor = nil
  }

  private func accept(_ descriptor: CInt, _ peer: sockaddr_storage) {
    guard worker.counters.connectionsOpen < UInt64(most), !worker.isDraining else {
      worker.counters.connectionsRefused &+= 1
      return Descriptor.close(descriptor)
    }
    let connection = ClientConnection(
      worker: worker, descriptor: descriptor, peerAddress: peer.hostText, isSecure: tls != nil,
      domainSources: domainSources)
    do {
      try connection.start()
      if let tls { connection.secure(tls.current, within: configuration.tls?.handshakeTimeout) }
    } catch {
      worker.counters.connectionsRefused &+= 1
      connection.close()
    }
  }

  /// The system has no descriptor left: trying again at once would only keep the loop busy.
  private func pause() {
    acceptor?.stop()
    let bound = NIOLoopBound(self, eventLoop: worker.loop)
    worker.loop.scheduleTask(in: .milliseconds(100)) { try? bound.value.acceptor?.start() }
  }
}
