import Synchronization

/// What plugins keep for the whole process: made once, and still there when a configuration takes the place of another.
public final class ProcessServices: Sendable {
  private let services = Mutex<[ObjectIdentifier: any AnyObject & Sendable]>([:])

  /// No services.
  public init() {}

  /// The service of this type, made at the first call.
  public func service<S: AnyObject & Sendable>(_ type: S.Type = S.self, make: () -> S) -> S {
    services.withLock { services in
      if let found = services[ObjectIdentifier(type)] as? S { return found }
      let made = make()
      services[ObjectIdentifier(type)] = made
      return made
    }
  }
}
