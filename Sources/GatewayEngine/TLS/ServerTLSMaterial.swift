import GatewayKit
import NIOSSL

/// The certificates and keys of a listener, ready for connections.
final class ServerTLSMaterial: TLSMaterial {
  let certificates: [CertificateSummary]
  let warnings: [ConfigurationIssue]
  /// One per certificate, in the order of the configuration.
  private let contexts: [NIOSSLContext]
  /// Names and wildcards in lower case; of two certificates with the same name the first has it.
  private let contextByName: [String: Int]
  private let fallback: NIOSSLContext

  private init(_ pairs: [Pair], fallback: NIOSSLContext, warnings: [ConfigurationIssue]) {
    certificates = pairs.map(\.summary)
    contexts = pairs.map(\.context)
    self.fallback = fallback
    self.warnings = warnings
    var names: [String: Int] = [:]
    for (index, pair) in pairs.enumerated() {
      for name in pair.names where names[name] == nil { names[name] = index }
    }
    contextByName = names
  }

  /// The handler of one connection: with the certificate for exactly this name, else with one for a wildcard in the
  /// place of its first label, else with the first.
  func makeHandler(serverName: String?) -> NIOSSLServerHandler {
    NIOSSLServerHandler(context: serverName.flatMap(index).map { contexts[$0] } ?? fallback)
  }

  /// Which certificate serves the name; nil when none is for it.
  func index(for name: String) -> Int? {
    contextByName[name] ?? DNSName.wildcard(for: name).flatMap { contextByName[$0] }
  }
}

extension ServerTLSMaterial {
  private struct Pair {
    let context: NIOSSLContext
    let summary: CertificateSummary
    let names: [String]
  }

  /// Reads the files of a listener.
  ///
  /// - Parameter path: the way to the `tls` section in the configuration, for errors.
  static func load(
    _ configuration: ListenerTLSConfiguration, path: String, clock: any GatewayClock
  ) throws(ConfigurationError) -> ServerTLSMaterial {
    var (pairs, issues, warnings): ([Pair], [ConfigurationIssue], [ConfigurationIssue]) = ([], [], [])
    for (index, files) in configuration.certificates.enumerated() {
      let path = "\(path).certificates[\(index)]"
      do {
        let pair = try load(files, minimumVersion: configuration.minimumVersion)
        pairs.append(pair)
        if let warning = pair.summary.warning(wallSeconds: clock.wall() / 1_000_000_000) {
          warnings.append(
            ConfigurationIssue(position: files.position, path: path, message: warning, hint: "renew it"))
        }
      } catch {
        issues.append(
          ConfigurationIssue(position: files.position, path: path, message: error.message, hint: error.hint))
      }
    }
    if !issues.isEmpty { throw ConfigurationError(issues: issues) }
    guard let first = pairs.first else {
      let issue = ConfigurationIssue(
        position: nil, path: path, message: "there is no certificate", hint: "name a certificate and its key")
      throw ConfigurationError(issues: [issue])
    }
    return ServerTLSMaterial(pairs, fallback: first.context, warnings: warnings)
  }

  private static func load(
    _ files: ListenerTLSConfiguration.Certificate, minimumVersion: ListenerTLSConfiguration.Version
  ) throws(TLSFiles.Problem) -> Pair {
    let chain = try TLSFiles.certificates(files.certificate, "the certificate")
    let key = try TLSFiles.key(files.key)
    guard let leaf = chain.first else {
      throw TLSFiles.Problem(message: "the certificate file \(files.certificate) is empty", hint: "put a chain into it")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = minimumVersion == .tls13 ? .tlsv13 : .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    let context = try TLSFiles.context(configuration, certificate: files.certificate, key: files.key)
    return Pair(
      context: context, summary: CertificateSummary(leaf, file: files.certificate), names: dnsNames(of: leaf))
  }

  private static func dnsNames(of certificate: NIOSSLCertificate) -> [String] {
    certificate._subjectAlternativeNames().compactMap { name in
      guard name.nameType == .dnsName else { return nil }
      let bytes = Array(name.contents)
      guard bytes.starts(with: "*.".utf8) else { return DNSName.normalize(bytes) }
      return DNSName.normalize(bytes.dropFirst(2)).map { "*." + $0 }
    }
  }
}

extension TLSFiles {
  /// A context for this certificate and key, which is where the library finds out whether they fit.
  static func context(
    _ configuration: TLSConfiguration, certificate: String, key: String
  ) throws(Problem) -> NIOSSLContext {
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch NIOSSLError.failedToLoadPrivateKey {
      throw Problem(
        message: "the private key in \(key) does not belong to the certificate in \(certificate)",
        hint: "the file has to begin with the server's own certificate, before those of its authorities")
    } catch NIOSSLError.failedToLoadCertificate {
      throw Problem(
        message: "the certificate in \(certificate) cannot be used for TLS connections",
        hint: "its key has to be RSA, ECDSA or Ed25519, and its key usage, if it names any, allow digitalSignature")
    } catch {
      throw Problem(
        message: "TLS cannot be set up: \(TLSFailure(error, handshakeDone: false).reason)",
        hint: certificate.isEmpty
          ? "name the authorities' file if the system has none" : "see what openssl says of \(certificate)")
    }
  }
}
