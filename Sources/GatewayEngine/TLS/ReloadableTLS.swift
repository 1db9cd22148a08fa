import GatewayKit
import Logging
import Synchronization

/// TLS material that is read anew when its files change. Connections take ``current`` when they begin and keep it.
final class ReloadableTLS<Material: TLSMaterial>: Sendable {
  private let files: [String]
  private let load: @Sendable () throws -> Material
  private let material: Mutex<Material>
  private let stamps: Mutex<[FileStamp]>

  /// Loads for the first time.
  ///
  /// - Parameter files: all that `load` reads.
  init(files: [String], load: @escaping @Sendable () throws -> Material) throws {
    self.files = files
    self.load = load
    // Before the content: a change in between is seen as one later.
    stamps = Mutex(files.map { FileStamp(path: $0) })
    material = Mutex(try load())
  }

  /// Cheap enough for every new connection.
  var current: Material { material.withLock { $0 } }
}

/// What ``FileWatch`` looks after.
protocol WatchedTLS: Sendable {
  /// The files as they are now.
  func stamp() -> [FileStamp]
  /// The files as they were when what is in force was read.
  var loadedStamps: [FileStamp] { get }
  /// Puts the files' content in force; changes nothing when that fails.
  func reload(_ stamps: [FileStamp]) throws -> any TLSMaterial
}

extension ReloadableTLS: WatchedTLS {
  func stamp() -> [FileStamp] { files.map { FileStamp(path: $0) } }

  var loadedStamps: [FileStamp] { stamps.withLock { $0 } }

  func reload(_ stamps: [FileStamp]) throws -> any TLSMaterial {
    let new = try load()
    material.withLock { $0 = new }
    self.stamps.withLock { $0 = stamps }
    return new
  }
}

extension TLSMaterial {
  /// Tells what is in use and what is doubtful about it.
  func log(_ text: Logger.Message, to logger: Logger) {
    for certificate in certificates {
      logger.info(
        text,
        metadata: [
          "certificate": "\(certificate.file)", "serial": "\(certificate.serial)",
          "not_after": "\(CertificateSummary.text(certificate.notAfter))",
        ])
    }
    for warning in warnings {
      logger.warning("a TLS certificate is not valid", metadata: ["reason": "\(warning.message)"])
    }
  }
}
