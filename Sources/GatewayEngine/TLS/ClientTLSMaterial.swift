import GatewayKit
import NIOCore
import NIOSSL

/// What connections to origins are made with: the authorities that are trusted and the gateway's own certificate.
/// Upstreams that name the same files can share one.
final class ClientTLSMaterial: TLSMaterial {
  /// The files that it is made of; nil for the system's authorities and no certificate.
  struct Files: Hashable, Sendable {
    var authority: String?
    var certificate: String?
    var key: String?

    var all: [String] { [authority, certificate, key].compactMap(\.self) }
  }

  let certificates: [CertificateSummary]
  let warnings: [ConfigurationIssue]
  private let context: NIOSSLContext

  private init(context: NIOSSLContext, certificates: [CertificateSummary], warnings: [ConfigurationIssue]) {
    self.context = context
    self.certificates = certificates
    self.warnings = warnings
  }

  /// A channel that asks for `host` and takes a certificate for it only. Where `host` is an address no name is asked
  /// for, and the certificate has to carry the address.
  ///
  /// - Parameter host: the configured server name, else the endpoint's host.
  func makeChannel(
    eventLoop: any EventLoop, host: String, delegate: (any TLSChannelDelegate)?
  ) throws(TLSFailure) -> TLSChannel {
    try Self.makeChannel(context, eventLoop: eventLoop, host: host, delegate: delegate)
  }

  /// The same with a context of somebody else's.
  static func makeChannel(
    _ context: NIOSSLContext, eventLoop: any EventLoop, host: String, delegate: (any TLSChannelDelegate)?
  ) throws(TLSFailure) -> TLSChannel {
    do {
      let address = try? SocketAddress(ipAddress: host, port: 0)
      let name = address == nil ? name(host) : nil
      let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
      // The library takes a certificate for the connection's address as well as one for the name: where a name was
      // meant it must not get an address.
      return try TLSChannel(
        eventLoop: eventLoop, handler: handler, remoteAddress: try address ?? SocketAddress(unixDomainSocketPath: ""),
        delegate: delegate)
    } catch {
      throw TLSFailure(kind: .handshake, reason: "\(host) is no name for a server: \(error)")
    }
  }

  /// RFC 6066: without the dot at the end.
  private static func name(_ host: String) -> String {
    host.utf8.last == UInt8(ascii: ".") ? String(host.dropLast()) : host
  }
}

extension UpstreamTLSConfiguration {
  var files: ClientTLSMaterial.Files {
    ClientTLSMaterial.Files(authority: authority, certificate: certificate, key: key)
  }
}

extension ClientTLSMaterial {
  /// Reads the files of an upstream; takes a while when those are the system's authorities.
  ///
  /// - Parameter path: the way to the `tls` section in the configuration, for errors.
  static func load(
    _ files: Files, path: String, position: SourcePosition?, clock: any GatewayClock
  ) throws(ConfigurationError) -> ClientTLSMaterial {
    func issue(_ message: String, _ hint: String) -> ConfigurationIssue {
      ConfigurationIssue(position: position, path: path, message: message, hint: hint)
    }
    do {
      let (configuration, leaves) = try read(files)
      let context = try TLSFiles.context(
        configuration, certificate: files.certificate ?? files.authority ?? "",
        key: files.key ?? "")
      let warnings = leaves.compactMap { $0.warning(wallSeconds: clock.wall() / 1_000_000_000) }
      return ClientTLSMaterial(
        context: context, certificates: leaves, warnings: warnings.map { issue($0, "renew it") })
    } catch {
      throw ConfigurationError(issues: [issue(error.message, error.hint)])
    }
  }

  private static func read(_ files: Files) throws(TLSFiles.Problem) -> (TLSConfiguration, [CertificateSummary]) {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.certificateVerification = .fullVerification
    configuration.applicationProtocols = ["http/1.1"]
    if let authority = files.authority {
      configuration.trustRoots = .certificates(try TLSFiles.certificates(authority, "the authorities'"))
    }
    guard let certificate = files.certificate, let key = files.key else {
      if files.certificate == nil, files.key == nil { return (configuration, []) }
      throw TLSFiles.Problem(
        message: "a client certificate needs its key, and the other way round", hint: "name both files or neither")
    }
    let chain = try TLSFiles.certificates(certificate, "the certificate")
    configuration.certificateChain = chain.map { .certificate($0) }
    configuration.privateKey = .privateKey(try TLSFiles.key(key))
    return (configuration, chain.prefix(1).map { CertificateSummary($0, file: certificate) })
  }
}
