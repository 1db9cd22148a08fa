import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open destination. Used by one thread.
struct LogFile: ~Copyable {
  /// Why nothing can be written.
  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ path: String) { description = "\(what) \(path): \(String(cString: strerror(errno)))" }
    init(timeout path: String) { description = "\(path) takes no bytes" }
  }

  private let path: String?
  private let name: String
  private var descriptor: Int32
  /// Whether writing goes to a disk: then it neither blocks for long nor is it waited for.
  private var isRegular = false
  private var device: UInt64 = 0
  private var inode: UInt64 = 0

  init(_ destination: LogDestination) {
    switch destination {
    case .standardOutput: (path, name, descriptor) = (nil, "stdout", STDOUT_FILENO)
    case .standardError: (path, name, descriptor) = (nil, "stderr", STDERR_FILENO)
    case .file(let file): (path, name, descriptor) = (file, file, -1)
    }
  }

  deinit {
    if path != nil, descriptor >= 0 { close(descriptor) }
  }

  /// Opens a file for appending; the standard streams are open already.
  mutating func open() throws(Failure) {
    if let path, descriptor < 0 {
      let opened = Self.openForAppending(path)
      guard opened >= 0 else { throw Failure("cannot open", path) }
      descriptor = opened
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure("cannot use", name) }
    isRegular = status.st_mode & S_IFMT == S_IFREG
    // A pipe whose reader has gone must be an error of the write, not the end of the process.
    if !isRegular { signal(SIGPIPE, SIG_IGN) }
    (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }

  private static func openForAppending(_ path: String) -> Int32 {
    #if canImport(Darwin)
      Darwin.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    #elseif canImport(Musl)
      Musl.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    #else
      Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    #endif
  }

  /// Opens the path anew when another file, or none, is there now: somebody rotates the log.
  mutating func reopenIfMoved() throws(Failure) {
    guard let path, descriptor >= 0 else { return try open() }
    var status = stat()
    if stat(path, &status) == 0, UInt64(truncatingIfNeeded: status.st_dev) == device,
      UInt64(truncatingIfNeeded: status.st_ino) == inode
    {
      return
    }
    close(descriptor)
    descriptor = -1
    try open()
  }

  /// Writes all bytes. A pipe or terminal that nobody reads is waited for until `deadline` (uptime in nanoseconds).
  mutating func write(_ bytes: UnsafeRawBufferPointer, deadline: UInt64) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // What poll calls writable takes PIPE_BUF bytes without blocking.
      if !isRegular { try waitUntilWritable(deadline) }
      let piece = UnsafeRawBufferPointer(rebasing: isRegular ? rest : rest.prefix(4096))
      let count = systemWrite(piece)
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR, errno != EAGAIN {
        throw Failure("cannot write", name)
      }
    }
  }

  private func systemWrite(_ piece: UnsafeRawBufferPointer) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, piece.baseAddress, piece.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, piece.baseAddress, piece.count)
    #else
      Glibc.write(descriptor, piece.baseAddress, piece.count)
    #endif
  }

  private func waitUntilWritable(_ deadline: UInt64) throws(Failure) {
    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while poll(&poller, 1, 100) <= 0 {
      if DispatchTime.now().uptimeNanoseconds >= deadline { throw Failure(timeout: name) }
    }
  }
}
