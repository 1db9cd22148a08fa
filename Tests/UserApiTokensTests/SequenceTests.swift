import Foundation
import Testing
import UserApiTokens

/// All tokens of all pages, and servers that would keep a client busy for ever.
@Suite struct SequenceTests {
  private static func ids(_ numbers: some Sequence<Int>) -> String {
    "[" + numbers.map { #"{"id":"t\#($0)"}"# }.joined(separator: ",") + "]"
  }

  private static func page(of request: String) -> Int {
    request.firstMatch(of: /[?&]page=(\d+)/).flatMap { Int($0.output.1) } ?? -1
  }

  private func collect(
    perPage: Int = 10, maximumPages: Int = 1000, _ answer: @escaping @Sendable (Int) -> String
  ) async throws -> (ids: [String], pages: [Int], error: UserApiTokensError?) {
    try await RawServer.with({ _, request in RawServer.answer(answer(Self.page(of: request))) }) { server in
      var ids: [String] = []
      var failed: UserApiTokensError?
      do {
        ids = try await withClient(server.url) { client in
          var seen: [String] = []
          var iterator = client.userApiTokens.all(perPage: perPage, maximumPages: maximumPages).makeAsyncIterator()
          do {
            while let token = try await iterator.next() { seen.append(token.id) }
          } catch {
            #expect(try await iterator.next() == nil, "after an error there is nothing more")
            throw error
          }
          return seen
        }
      } catch let error as UserApiTokensError {
        failed = error
      }
      return (ids, server.requests.map(Self.page(of:)), failed)
    }
  }

  @Test func stopsAtTheTotal() async throws {
    let result = try await collect { page in
      #"{"items":\#(Self.ids(page * 10..<min(page * 10 + 10, 20))),"totalCount":20,"perPage":10}"#
    }
    #expect(result.ids == (0..<20).map { "t\($0)" })
    #expect(result.pages == [0, 1])
  }

  @Test func stopsAtAShortPage() async throws {
    let result = try await collect { page in #"{"items":\#(Self.ids(page * 10..<(page == 1 ? 13 : 10)))}"# }
    #expect(result.ids.count == 13 && result.pages == [0, 1])
  }

  @Test func stopsAtAnEmptyPage() async throws {
    let result = try await collect { page in
      #"{"items":\#(page == 0 ? Self.ids(0..<10) : "[]"),"totalCount":99}"#
    }
    #expect(result.ids.count == 10 && result.pages == [0, 1])
  }

  @Test func aServerMayGiveFewerPerPage() async throws {
    let result = try await collect(perPage: 1000) { page in
      #"{"items":\#(Self.ids(page * 2..<(page == 2 ? 5 : page * 2 + 2))),"perPage":2}"#
    }
    #expect(result.ids.count == 5 && result.pages == [0, 1, 2])
  }

  @Test func aTokenThatMovesIsGivenOnce() async throws {
    let result = try await collect(perPage: 3) { page in
      #"{"items":\#(page == 0 ? Self.ids([1, 2, 3]) : Self.ids([3, 4]))}"#
    }
    #expect(result.ids == ["t1", "t2", "t3", "t4"])
  }

  @Test func aServerThatRepeats() async throws {
    let result = try await collect { _ in #"{"items":\#(Self.ids(0..<10)),"totalCount":1000000}"# }
    guard case .endlessList(1, _)? = result.error else { return #expect(Bool(false), "\(result)") }
    #expect(result.pages == [0, 1])
  }

  @Test func aServerThatNeverEnds() async throws {
    let result = try await collect(maximumPages: 5) { page in
      #"{"items":\#(Self.ids(page * 10..<page * 10 + 10)),"totalCount":9000000000000000000}"#
    }
    guard case .endlessList? = result.error else { return #expect(Bool(false), "\(result)") }
    #expect(result.pages == [0, 1, 2, 3, 4])
  }

  @Test func aServerThatFloodsItsPages() async throws {
    let result = try await collect(perPage: 1, maximumPages: 3) { page in
      #"{"items":\#(Self.ids(page * 50..<page * 50 + 50)),"totalCount":9000}"#
    }
    guard case .endlessList? = result.error else { return #expect(Bool(false), "\(result)") }
    #expect(result.pages == [0])
  }

  @Test func anErrorEndsIt() async throws {
    let result = try await collect { page in page == 0 ? #"{"items":\#(Self.ids(0..<10))}"# : "gone" }
    guard case .unexpectedAnswer? = result.error else { return #expect(Bool(false), "\(result)") }
  }

  @Test func cancellationEndsIt() async throws {
    try await RawServer.with({ _, request in
      let page = Self.page(of: request)
      return RawServer.answer(#"{"items":\#(Self.ids(page * 10..<page * 10 + 10))}"#)
    }) { server in
      let error = try await failure {
        try await withClient(server.url) { client in
          try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
              var count = 0
              for try await _ in client.userApiTokens.all(perPage: 10) {
                count += 1
                if count == 5 { withUnsafeCurrentTask { $0?.cancel() } }
              }
              return count
            }
            return try await group.next()
          }
        }
      }
      guard case .cancelled = error else { return #expect(Bool(false), "\(error)") }
      #expect(server.requests.count == 1)
    }
  }
}
