#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Nanoseconds of the monotonic clock, and what reading it costs.
public enum MonotonicClock {
  @inline(__always)
  public static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Nanoseconds of CPU time that this process has used: what others do on the machine is not in it.
  public static func processTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// What two readings in a row lie apart: the part of a measured interval that is the clock itself. The mean over the
  /// quicker half of many trials, because a median of whole nanoseconds would be too coarse to be subtracted often.
  public static func measureOverhead() -> Double {
    let perTrial = 64
    var trials = [Double]()
    for _ in 0..<512 {
      let start = now()
      var end = start
      for _ in 0..<perTrial { end = now() }
      trials.append(Double(end - start) / Double(perTrial))
    }
    trials.sort()
    return trials[..<(trials.count / 2)].reduce(0, +) / Double(trials.count / 2)
  }
}

/// Peak resident memory of this process in bytes, as the operating system counts it.
public func peakResidentBytes() -> Int {
  var usage = rusage()
  #if os(Linux)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss) * 1024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return Int(usage.ru_maxrss)
  #endif
}

/// Resident memory of this process now, in bytes; 0 where the system does not tell.
public func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
  let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
    separator: " ")
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}
