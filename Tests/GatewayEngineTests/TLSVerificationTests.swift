import GatewayKit
import NIOCore
import NIOEmbedded
import NIOSSL
import Testing

@testable import GatewayEngine

struct TLSVerificationTests {
  let authority: TLSAuthority

  init() throws { authority = try TLSAuthority() }

  /// The client's view of a handshake with a server whose certificate is for these names.
  private func handshake(host: String, certificate: TLSAuthority.Files, trusted: TLSAuthority? = nil) throws -> TLSPair
  {
    let pair = try TLSPair(client: .of(trusted ?? authority), host: host, server: ServerTLSMaterial.of(certificate))
    pair.start()
    pair.client.write("secret")
    pair.pump()
    return pair
  }

  @Test(arguments: [
    ("example.com", "DNS:example.com"), ("a.example.com", "DNS:*.example.com"), ("127.0.0.1", "IP:127.0.0.1"),
    ("::1", "IP:::1"),
  ])
  func certificatesForTheHostAreTaken(host: String, names: String) throws {
    let pair = try handshake(host: host, certificate: authority.issue(names))
    #expect(pair.client.events == [.handshake(nil, "http/1.1")])
    #expect(pair.server.text == "secret")
    let isAddress = host.hasPrefix("127") || host.contains(":")
    #expect(pair.server.events.first == .handshake(isAddress ? nil : host, "http/1.1"))
  }

  @Test(arguments: [
    ("example.com", "DNS:example.org"), ("a.b.example.com", "DNS:*.example.com"), ("127.0.0.1", "IP:127.0.0.2"),
    ("127.0.0.1", "DNS:127.0.0.1"), ("localhost", "IP:127.0.0.1"),
  ])
  func certificatesForAnotherHostAreRefused(host: String, names: String) throws {
    let pair = try handshake(host: host, certificate: authority.issue(names))
    #expect(pair.client.events == [.failed(.certificate), .closed])
    #expect(pair.client.failure?.reason == "it is for another name")
    #expect(pair.server.text.isEmpty)
  }

  @Test func certificatesOfAnotherAuthorityAreRefused() throws {
    let pair = try handshake(
      host: "example.com", certificate: authority.issue("DNS:example.com"), trusted: TLSAuthority())
    #expect(pair.client.events == [.failed(.certificate), .closed])
    #expect(
      pair.client.failure?.description == "the peer's certificate was refused: certificate verify failed")
    #expect(pair.server.text.isEmpty)
    // The client's alert has arrived.
    #expect(pair.server.events == [.failed(.handshake), .closed])
    #expect(pair.server.failure?.reason.contains("unknown ca") == true)
  }

  @Test func theSystemsAuthoritiesDoNotKnowOurs() throws {
    let pair = try TLSPair(
      client: .of(nil), server: ServerTLSMaterial.of(authority.issue("DNS:example.com")))
    pair.start()
    #expect(pair.client.events == [.failed(.certificate), .closed])
  }

  /// A server that demands a certificate, in a channel of NIO's own.
  @Test(arguments: [true, false]) func aClientCertificateIsShownWhenItIsDemanded(hasOne: Bool) throws {
    let files = try authority.issue("DNS:example.com")
    var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
      certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)),
      trustRoots: .certificates(try NIOSSLCertificate.fromPEMFile(authority.certificate)))
    configuration.certificateVerification = .noHostnameVerification
    let context = try NIOSSLContext(configuration: configuration)
    let server = EmbeddedChannel(handler: NIOSSLServerHandler(context: context))
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()

    let end = TLSEnd()
    let material = try ClientTLSMaterial.of(authority, hasOne ? authority.issue("DNS:client") : nil)
    end.channel = try material.makeChannel(eventLoop: server.embeddedEventLoop, host: "example.com", delegate: end)
    end.channel?.start()
    end.write("hello")
    var refusal: (any Error)?
    for _ in 0..<5 {
      let out = end.outbox
      end.outbox = ByteBuffer()
      if out.readableBytes == 0 { break }
      do { try server.writeInbound(out) } catch { refusal = error }
      while let bytes = try server.readOutbound(as: ByteBuffer.self) { end.channel?.receive(bytes) }
    }
    let heard = try server.readInbound(as: ByteBuffer.self)
    #expect(heard.map { String(buffer: $0) } == (hasOne ? "hello" : nil))
    #expect((refusal == nil) == hasOne)
    #expect((end.failure == nil) == hasOne)
    end.channel?.close()
    // With the client's end the server's channel closes without waiting.
    if end.outbox.readableBytes > 0 { try server.writeInbound(end.outbox) }
    _ = try? server.finish(acceptAlreadyClosed: true)
  }

  private func raw(_ maximum: TLSVersion) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.maximumTLSVersion = maximum
    return try NIOSSLContext(configuration: configuration)
  }

  private func connect(
    _ context: NIOSSLContext, name: String?, _ material: ServerTLSMaterial
  ) throws -> TLSPair {
    let pair = try TLSPair(client: .of(authority), server: material)
    pair.client.channel?.close()
    pair.client.events = []
    pair.client.channel = try TLSChannel(
      eventLoop: pair.loop, handler: NIOSSLClientHandler(context: context, serverHostname: name), delegate: pair.client)
    pair.start()
    return pair
  }

  @Test func theOldestVersionIsKept() throws {
    let files = try authority.issue("DNS:example.com")
    let refused = try connect(raw(.tlsv12), name: nil, .of(files, minimum: .tls13))
    #expect(refused.server.events == [.failed(.handshake), .closed])
    #expect(refused.client.failure?.kind == .handshake)
    let taken = try connect(raw(.tlsv12), name: "Example.COM", .of(files, minimum: .tls12))
    #expect(taken.server.events == [.handshake("example.com", nil)])
    taken.client.write("over 1.2")
    taken.client.channel?.closeOutput()
    taken.pump()
    #expect(taken.server.text == "over 1.2")
    #expect(taken.server.events.suffix(2) == [.received, .end])
  }

  /// Exact name, then wildcard, then the first certificate.
  @Test(arguments: [
    ("www.a.test", 1), ("WWW.a.test.", 1), ("x.a.test", 2), ("x.y.a.test", 0), ("a.test", 0), ("first.test", 0),
    ("unknown.test", 0), (nil, 0), ("second.test", 2),
  ])
  func theCertificateIsChosenByTheName(name: String?, index: Int) throws {
    let material = try ServerTLSMaterial.of(
      authority.issue("DNS:first.test"), authority.issue("DNS:www.a.test"),
      authority.issue("DNS:*.a.test", "DNS:second.test", "DNS:first.test"))
    let pair = try connect(raw(.tlsv13), name: name, material)
    let shown = try pair.client.channel?.pipeline.syncOperations.nioSSL_peerCertificate()
    let certificate = try #require(shown)
    #expect(CertificateSummary(certificate, file: "").serial == material.certificates[index].serial)
    #expect(Set(material.certificates.map(\.serial)).count == 3)
  }
}
