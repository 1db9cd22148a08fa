import Foundation
import GRDB

/// Opens the database and brings its tables up to date.
enum TokenDatabase {
  static func open(_ storage: TokenService.Configuration.Storage) throws -> any DatabaseWriter {
    let writer: any DatabaseWriter
    switch storage {
    case .memory:
      writer = try DatabaseQueue(configuration: configuration())
    case .file(let path):
      writer = try openFile(path)
    }
    try migrator.migrate(writer)
    return writer
  }

  private static func openFile(_ path: String) throws -> any DatabaseWriter {
    // The file exists with its mode before SQLite writes a key into it; the -wal and -shm files take the mode over.
    let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw TokenServiceError.unusableDatabase(path: path, reason: reason)
    }
    close(descriptor)
    do {
      let pool = try DatabasePool(path: path, configuration: configuration())
      // The pool sets NORMAL, with which a commit may be lost when the power fails. This is the only writing connection.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return pool
    } catch let error as DatabaseError {
      throw TokenServiceError.unusableDatabase(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  private static func configuration() -> GRDB.Configuration {
    var configuration = GRDB.Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { $0.add(function: Glob.function) }
    return configuration
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: users, tokens and keys") { database in
      try database.execute(
        sql: """
          CREATE TABLE users (
            id TEXT PRIMARY KEY, domain TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
            UNIQUE (domain, name)
          ) STRICT;
          CREATE TABLE tokens (
            id TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            name TEXT NOT NULL, description TEXT, status TEXT NOT NULL, scope TEXT NOT NULL,
            expires INTEGER, default_role TEXT, org_roles TEXT,
            creator TEXT NOT NULL, creator_type TEXT NOT NULL, creator_name TEXT NOT NULL,
            created INTEGER NOT NULL, updated INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX tokens_of_user ON tokens (user, name COLLATE NOCASE, id);
          CREATE TABLE signing_keys (id TEXT PRIMARY KEY, private BLOB NOT NULL, created INTEGER NOT NULL) STRICT;
          """)
    }
    return migrator
  }
}
