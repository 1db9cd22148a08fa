import GatewayKit
import UserApiTokens

/// Reads the list from the API.
struct ListReader: Sendable {
  /// What tests choose otherwise.
  struct Tuning: Sendable {
    var perPage = 1000
    /// A list of so many tokens comes in one short answer, which tells more than a probe.
    var shortList = 100
  }

  enum Outcome: Sendable {
    case unchanged
    case changed(Reading)
  }

  let client: UserApiTokensClient
  let domain: String?
  let mostTokens: Int
  let needsOwner: Bool
  let clock: any GatewayClock
  let tuning: Tuning
  /// Counts probes.
  let probes: Counter

  private var options: CallOptions { CallOptions(losantdomain: domain, links: false, embedded: false) }

  /// The list now, or that it is as it was.
  ///
  /// - Parameters:
  ///   - began: the time now, which is that of everything that is found; monotonic.
  ///   - known: how many tokens the last reading brought; nil when there was none.
  ///   - mark: the list's mark then.
  func read(
    _ step: Schedule.Step, at began: Int64, known: Int?, mark: ListMark?
  ) async throws(ReadingProblem) -> Outcome {
    var before: ListMark?
    if known.map({ $0 > tuning.shortList }) ?? true {
      before = try await probe()
      if step == .probe, let before, before == mark { return .unchanged }
    }
    let first = try await whole(began: began, before: before)
    return .changed(first.isTorn ? try await whole(began: began, before: try await probe()) : first)
  }

  private func probe() async throws(ReadingProblem) -> ListMark? {
    probes.add()
    let wall = clock.wall()
    return ListMark(try await page(0, of: 1, by: .lastUpdated, .descending), at: wall)
  }

  /// Reads all pages. The mark is the one from before, so that what changes under way is seen at the next probe.
  private func whole(began: Int64, before: ListMark?) async throws(ReadingProblem) -> Reading {
    var pages = PageCollector(perPage: tuning.perPage, mostTokens: mostTokens)
    while !pages.isComplete {
      try pages.take(try await page(pages.next, of: tuning.perPage, by: .id, .ascending))
    }
    if needsOwner, pages.ownerID == nil {
      throw ReadingProblem("the API does not say whose tokens these are; write unlisted: deny or unlisted: allow")
    }
    var isTorn = pages.isTorn
    // One page is of one moment. Several are when nothing changed from before the first until after the last.
    if !isTorn, pages.next > 1, let before { isTorn = try await probe() != before }
    return Reading(
      began: began, ownerID: pages.ownerID, tokens: pages.tokens, mark: isTorn ? nil : before, isTorn: isTorn)
  }

  private func page(
    _ number: Int, of size: Int, by field: SortField, _ direction: SortDirection
  ) async throws(ReadingProblem) -> ApiTokens {
    do throws(UserApiTokensError) {
      return try await client.userApiTokens.get(
        sortField: field, sortDirection: direction, page: number, perPage: size, options: options)
    } catch {
      throw ReadingProblem(error)
    }
  }
}
