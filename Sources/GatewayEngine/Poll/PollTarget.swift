import CEpoll

/// What the system says of a descriptor.
struct PollEvents {
  let bits: UInt32

  /// Something can be received, the end included.
  var isReadable: Bool { bits & (gh_readable | gh_peer_closed | gh_hung_up | gh_failed) != 0 }
  /// Something can be sent, or a connection is made, or that failed.
  var isWritable: Bool { bits & (gh_writable | gh_hung_up | gh_failed) != 0 }
  /// The whole connection is gone.
  var isGone: Bool { bits & (gh_hung_up | gh_failed) != 0 }
  /// The peer has closed its side, or the whole connection is gone.
  var isPeerClosed: Bool { bits & (gh_peer_closed | gh_hung_up | gh_failed) != 0 }
}

/// Something with a descriptor that a ``PollLoop`` watches. A class and not a protocol: it is called once per event.
class PollTarget {
  /// Where it stands in the loop's table; -1 when it is not watched.
  final var slot = -1
  /// Tells it from those that stood there before.
  final var generation: UInt32 = 0
  /// Whether it stands in the loop's list of things to be done when the current event is.
  final var isDeferred = false

  /// The system has something to say of the descriptor.
  func ready(_ events: PollEvents) {}

  /// What was put off with ``PollLoop/later(_:)`` is due.
  func deferredWork() {}
}
