import CBerth
import Testing

@testable import Berth

/// `berth_engine_fork` through the C functions.
@Suite struct ForkTests {
  private func info(_ engine: OpaquePointer?) -> berth_engine_info {
    var info = berth_engine_info()
    info.struct_size = UInt32(MemoryLayout<berth_engine_info>.size)
    #expect(berth_engine_read_info(engine, &info) == ok)
    return info
  }

  @Test func forkIsWhatItsParentIs() {
    let host = Host()
    let other = Host()
    let parent = host.engine
    let before = host.state()
    var fork: OpaquePointer?
    #expect(berth_engine_fork(parent, &fork) == ok)
    #expect(info(parent).family_engines == 2)
    host.engine = fork
    #expect(host.state() == before, "ids and decisions are the parent's")
    let pods = info(parent).pods
    #expect(berth_pods_release(fork, [host.assumed, host.bound], 2) == ok)
    host.engine = parent
    #expect(host.state() == before, "the parent saw nothing of it")
    #expect(berth_engine_destroy(parent) == ok)
    #expect(berth_engine_validate(fork) == ok)
    #expect(info(fork).family_engines == 1)
    #expect(info(fork).pods == pods - 2)
    host.engine = fork
    #expect(other.state() == before)
  }

  @Test func refusals() {
    let host = Host()
    var fork: OpaquePointer?
    #expect(berth_engine_fork(host.engine, nil) == berth_status(BERTH_NULL_POINTER))
    #expect(berth_engine_fork(nil, &fork) == berth_status(BERTH_BAD_ENGINE))
    #expect(fork == nil)
    #expect(berth_engine_fork(host.engine, &fork) == ok)
    #expect(berth_engine_destroy(fork) == ok)
    #expect(berth_engine_validate(fork) == berth_status(BERTH_BAD_ENGINE))
    #expect(berth_engine_destroy(fork) == berth_status(BERTH_BAD_ENGINE))
    var again: OpaquePointer?
    #expect(berth_engine_fork(fork, &again) == berth_status(BERTH_BAD_ENGINE))
    #expect(berth_engine_validate(host.engine) == ok)
  }
}
