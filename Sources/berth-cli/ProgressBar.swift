import BerthSimulation

/// Progress on standard error: a bar on a terminal, a line for every tenth elsewhere.
struct ProgressBar {
  private let title: String
  private let width = 40
  private let start = MonotonicClock.now()
  private var drawn = 0
  private var lastDrawing: Int64 = 0
  private static let pauseNanoseconds: Int64 = 100_000_000

  init(_ title: String) { self.title = title }

  mutating func update(_ done: Int, of total: Int) {
    let share = total > 0 ? Double(done) / Double(total) : 1
    let now = MonotonicClock.now()
    guard Terminal.errorIsTerminal else {
      let tenths = Int(share * 10)
      if tenths > drawn { Terminal.printError("\(title) \(tenths * 10) %") }
      drawn = tenths
      return
    }
    if done < total && now - lastDrawing < Self.pauseNanoseconds { return }
    lastDrawing = now
    Terminal.rewriteErrorLine("\(title)  \(bar(share))  \(percent(share))  \(elapsed(now))")
    if done >= total { Terminal.printError("") }
  }

  /// Eighths of a character, so that the bar moves smoothly.
  private func bar(_ share: Double) -> String {
    let partial = Array(" ▏▎▍▌▋▊▉")
    let eighths = Int(share * Double(width) * 8)
    let whole = eighths / 8
    let rest = eighths % 8 > 0 ? String(partial[eighths % 8]) : ""
    let blank = width - whole - rest.count
    return "▕" + String(repeating: "█", count: whole) + rest + String(repeating: " ", count: blank) + "▏"
  }

  private func percent(_ share: Double) -> String {
    let text = String(Int(share * 100))
    return String(repeating: " ", count: 3 - text.count) + text + " %"
  }

  private func elapsed(_ now: Int64) -> String { Figures.decimal(Double(now - start) / 1e9, 1) + " s" }
}
