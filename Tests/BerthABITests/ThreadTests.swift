import BerthCore
import CBerth
import Glibc
import Synchronization
import Testing

@testable import Berth

/// Runs a closure on a thread of its own and waits for it when asked.
private final class Thread: @unchecked Sendable {
  private var thread = pthread_t()
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Thread>.fromOpaque($0!).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  func join() { pthread_join(thread, nil) }
}

@Suite struct ThreadTests {
  /// While one thread is inside a call, every call of another is refused at once, destroy as well; the engine's own
  /// last sentence belongs to the thread inside, the second thread's is with that thread.
  @Test func secondThreadGetsBusyAtOnce() {
    let host = Host()
    nonisolated(unsafe) let engine = host.engine
    nonisolated(unsafe) let unsafeHost = host
    let before = host.state()
    #expect(berth_engine_set_path(engine, 99) == berth_status(BERTH_BAD_ARGUMENT))
    let sentence = lastError(engine)
    ThreadError.set("")
    let inside = EngineTable.withRecord(engine) { _ throws(EngineError) in
      Thread {
        for (name, call) in HandleTests.calls(unsafeHost) {
          ThreadError.set("")
          #expect(call(engine) == berth_status(BERTH_BUSY), "\(name)")
          #expect(lastError(nil).contains("another thread"), "\(name)")
        }
        var length = 7
        #expect(berth_engine_last_error(engine, nil, 0, &length) == berth_status(BERTH_BUSY))
        #expect(length == 7)
      }.join()
    }
    #expect(inside == ok)
    #expect(lastError(engine) == sentence)
    #expect(lastError(nil) == "", "the other thread's sentence is not this thread's")
    #expect(host.resultsAreUntouched())
    #expect(host.state() == before)
  }

  /// Threads that hammer one engine are served whole or refused whole: what they were told adds up.
  @Test func callsOfManyThreadsAreServedWholeOrBusy() {
    let host = Host()
    nonisolated(unsafe) let engine = host.engine
    let podClass = host.classes[0]
    let served = Atomic<Int>(0)
    withExtendedLifetime(host) {
      let threads = (0..<4).map { _ in
        Thread {
          for _ in 0..<3000 {
            var placement = berth_placement()
            let placed = berth_pods_place(engine, [podClass], 1, 0, &placement)
            guard placed == ok else {
              #expect(placed == berth_status(BERTH_BUSY))
              continue
            }
            guard placement.outcome == UInt32(BERTH_PLACED) else { continue }
            while true {
              let released = berth_pods_release(engine, &placement.pod, 1)
              if released == ok { break }
              #expect(released == berth_status(BERTH_BUSY))
              if released != berth_status(BERTH_BUSY) { break }
            }
            served.add(1, ordering: .relaxed)
          }
        }
      }
      for thread in threads { thread.join() }
      #expect(served.load(ordering: .relaxed) > 0)
      #expect(berth_engine_validate(engine) == ok)
    }
    #expect(host.state() == Host().state())
  }

  /// A handle may move: created here, used there, destroyed elsewhere.
  @Test func handlesMoveBetweenThreads() {
    nonisolated(unsafe) var engine: OpaquePointer?
    Thread { #expect(berth_engine_create(nil, &engine) == ok) }.join()
    Thread {
      var id: berth_resource_id = 0
      #expect(berth_resource_add(engine, "cpu", 1, &id) == ok)
    }.join()
    #expect(berth_engine_validate(engine) == ok)
    Thread { #expect(berth_engine_destroy(engine) == ok) }.join()
    #expect(berth_engine_validate(engine) == berth_status(BERTH_BAD_ENGINE))
  }

  /// Threads that create, use and destroy engines of their own never meet.
  @Test func enginesOfDifferentThreadsAreIndependent() {
    let threads = (0..<4).map { _ in
      Thread {
        for _ in 0..<50 {
          var engine: OpaquePointer?
          var id: berth_resource_id = 9
          #expect(berth_engine_create(nil, &engine) == ok)
          #expect(berth_resource_add(engine, "cpu", 1, &id) == ok)
          #expect(berth_engine_destroy(engine) == ok)
        }
      }
    }
    for thread in threads { thread.join() }
  }
}
