import Synchronization

/// Whether the gateway takes traffic: true from the moment its listeners are bound until it begins to drain.
package final class Readiness: Sendable {
  private let state = Atomic<Bool>(false)

  package init() {}

  package var isReady: Bool {
    get { state.load(ordering: .acquiring) }
    set { state.store(newValue, ordering: .releasing) }
  }
}
