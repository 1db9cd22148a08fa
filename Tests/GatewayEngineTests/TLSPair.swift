import GatewayKit
import NIOCore
import NIOEmbedded
import NIOSSL

@testable import GatewayEngine

/// One end of a connection in memory.
final class TLSEnd: TLSChannelDelegate {
  enum Event: Equatable {
    case handshake(String?, String?)
    case received, end, closed
    case failed(TLSFailure.Kind)
  }

  var channel: TLSChannel?
  /// What was put out and not taken yet.
  var outbox = ByteBuffer()
  var flushes = 0
  var received = ByteBuffer()
  /// Without repetitions of `received`.
  var events: [Event] = []
  var failure: TLSFailure?
  /// Called after an event was noted.
  var react: (Event, TLSChannel) -> Void = { _, _ in }
  var reactToOutput: (TLSChannel) -> Void = { _ in }

  func tlsOutput(_ ciphertext: ByteBuffer) {
    outbox.writeImmutableBuffer(ciphertext)
    if let channel { reactToOutput(channel) }
  }

  func tlsFlush() { flushes += 1 }
  func tlsHandshakeCompleted(serverName: String?, applicationProtocol: String?) {
    note(.handshake(serverName, applicationProtocol))
  }

  func tlsReceived(_ plaintext: ByteBuffer) {
    received.writeImmutableBuffer(plaintext)
    note(.received)
  }

  func tlsReceivedEnd() { note(.end) }

  func tlsFailed(_ failure: TLSFailure) {
    self.failure = failure
    note(.failed(failure.kind))
  }

  func tlsClosed() {
    note(.closed)
    channel = nil
  }

  private func note(_ event: Event) {
    if event != .received || events.last != .received { events.append(event) }
    if let channel { react(event, channel) }
  }

  func write(_ text: String) {
    channel?.write(ByteBuffer(string: text))
    channel?.flush()
  }

  var text: String { String(buffer: received) }
}

/// A client and a server, back to back on one loop.
final class TLSPair {
  let loop: any EventLoop
  let client = TLSEnd()
  let server = TLSEnd()
  /// In how large pieces bytes travel.
  var piece = Int.max

  init(
    client material: ClientTLSMaterial, host: String = "example.com", server: ServerTLSMaterial,
    loop: any EventLoop = EmbeddedEventLoop()
  ) throws {
    self.loop = loop
    client.channel = try material.makeChannel(eventLoop: loop, host: host, delegate: client)
    self.server.channel = TLSChannel(eventLoop: loop, material: server, delegate: self.server)
  }

  deinit {
    client.channel?.close()
    server.channel?.close()
  }

  func start() {
    server.channel?.start()
    client.channel?.start()
    pump()
  }

  /// Moves bytes until there are none.
  func pump() {
    while client.outbox.readableBytes + server.outbox.readableBytes > 0 {
      move(client, server)
      move(server, client)
    }
  }

  func move(_ from: TLSEnd, _ to: TLSEnd) {
    var bytes = from.outbox
    from.outbox = ByteBuffer()
    while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
      to.channel?.receive(part)
    }
  }
}

extension ServerTLSMaterial {
  static func of(_ files: TLSAuthority.Files..., minimum: ListenerTLSConfiguration.Version = .tls12) throws
    -> ServerTLSMaterial
  {
    let position = SourcePosition(file: "gatehouse.yaml", line: 3, column: 5)
    var configuration = ListenerTLSConfiguration(
      certificates: files.map { .init(certificate: $0.certificate, key: $0.key, position: position) })
    configuration.minimumVersion = minimum
    return try load(configuration, path: "listeners[0].tls", clock: SystemClock())
  }
}

extension ClientTLSMaterial {
  static func of(_ authority: TLSAuthority?, _ own: TLSAuthority.Files? = nil) throws -> ClientTLSMaterial {
    try load(
      Files(authority: authority?.certificate, certificate: own?.certificate, key: own?.key), path: "upstreams.a.tls",
      position: nil, clock: SystemClock())
  }
}
