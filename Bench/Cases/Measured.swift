/// The one door through which gates enter a step. Callgrind counts between entering and leaving this function, which
/// it finds by its name (Bench/gate.py): keep the name, and keep it from being inlined or specialised.
@inline(never)
public func measuredStep(_ run: any BenchRun) throws {
  try run.step()
}
