import GatewayKit
import Glibc
import Logging
import NIOCore

/// A client's connection that was accepted and admitted, on its way to the loop that it is to live on.
struct AcceptedConnection: Sendable {
  let descriptor: CInt
  /// nil for a peer of another family than IPv4 and IPv6.
  let peer: IPAddress?
}

/// Accepts the connections of one address on one loop.
final class Listener {
  private let index: Int
  private let configuration: ListenerConfiguration
  private let domainSources: DomainSources
  private let worker: LoopWorker
  private let lanes: [Lane]
  private let tls: ReloadableTLS<ServerTLSMaterial>?
  private let acceptor: Acceptor
  private var isStopped = false

  /// - Parameters:
  ///   - index: the listener's place in the configuration.
  ///   - lanes: all loops; a connection may be handed over to another one.
  init(_ index: Int, _ socket: ListeningSocket, worker: LoopWorker, lanes: [Lane]) {
    let gateway = worker.generation.configuration
    self.index = index
    self.lanes = lanes
    configuration = gateway.listeners[index]
    tls = worker.generation.listenerTLS[index]
    self.domainSources = DomainSources(configuration.domainSources ?? gateway.domainSources)
    self.worker = worker
    acceptor = Acceptor(socket, loop: worker.loop)
    acceptor.listener = self
  }

  func start() throws(SystemError) { try acceptor.start() }

  /// Accepts nothing any more.
  func stop() {
    isStopped = true
    acceptor.stop()
  }

  /// Accepts what waits and closes the socket, which would cut those connections. For one loop, after all have stopped.
  func close() { acceptor.close() }

  // MARK: What the acceptor tells

  func accepted(_ descriptor: CInt, _ peer: sockaddr_storage) {
    let peer = IPAddress(peer)
    let client = ClientNetwork(peer)
    if let refusal = worker.entrance.admit(client, at: index) { return refuse(descriptor, refusal) }
    let loop = worker.entrance.place(worker.context.index)
    let connection = AcceptedConnection(descriptor: descriptor, peer: peer)
    if loop == worker.context.index { serve(connection) } else { lanes[loop].serve(connection, listener: index) }
  }

  /// The system has no descriptor or no memory left: trying again at once would only keep the loop busy.
  func failed(_ error: SystemError) {
    acceptor.stop()
    if worker.entrance.failureLog.passes(now: worker.context.now) {
      worker.log(
        .error, "connections cannot be accepted",
        ["address": configuration.bind.description, "reason": error.text, "hint": error.hint])
    }
    let bound = NIOLoopBound(self, eventLoop: worker.loop)
    worker.loop.scheduleTask(in: .milliseconds(100)) { bound.value.resume() }
  }

  private func resume() {
    guard !isStopped else { return }
    do {
      try acceptor.start()
    } catch {
      failed(error)
    }
  }

  // MARK: Connections

  /// Begins with a connection that has its place on this loop.
  func serve(_ accepted: AcceptedConnection) {
    let connection = ClientConnection(
      worker: worker, descriptor: accepted.descriptor, peer: accepted.peer, listener: index, isSecure: tls != nil,
      domainSources: domainSources)
    do {
      try connection.start()
      if let tls { connection.secure(tls.current, within: configuration.tls?.handshakeTimeout) }
    } catch {
      worker.counters.connectionsRefused &+= 1
      connection.close()
    }
  }

  /// Over TLS an answer would cost a handshake, which is more than the connection may cost.
  private func refuse(_ descriptor: CInt, _ refusal: ConnectionRefusal) {
    worker.counters.connectionsRefused &+= 1
    worker.counters.reasons[refusal.reason.text, default: 0] &+= 1
    if worker.entrance.refusalLog.passes(now: worker.context.now) {
      worker.log(
        .warning, "connections are refused",
        ["address": configuration.bind.description, "reason": refusal.reason.text])
    }
    if tls == nil {
      RefusedConnection.answer(refusal, on: descriptor, worker)
    } else {
      Descriptor.close(descriptor)
    }
  }
}
