import Glibc

/// By what a changed file is known. Links are followed: whole folders are exchanged by turning a link.
struct FileStamp: Equatable, Sendable {
  private let exists: Bool
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let seconds: Int64
  private let nanoseconds: Int64

  init(path: String) {
    var status = stat()
    exists = stat(path, &status) == 0
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int64(truncatingIfNeeded: status.st_size)
    seconds = Int64(truncatingIfNeeded: status.st_mtim.tv_sec)
    nanoseconds = Int64(truncatingIfNeeded: status.st_mtim.tv_nsec)
  }
}
