import BerthKubernetes

/// `parallelism`: sizes by axis, in Megatron-LM's order, or a list of axes in an order of its own.
struct ParallelismReader {
  let reader: ObjectReader
  let rankCount: Int

  func parallelism(_ fields: Fields) -> Parallelism? {
    let before = reader.problems.count
    var axes: [Parallelism.Axis] = []
    if case .list? = fields["parallelism"] {
      axes = reader.list("parallelism", in: fields) { inner in
        reader.allow(["axis", "size", "collective", "bytes"], in: inner)
        guard let name = reader.requiredText("axis", in: inner) else { return nil }
        guard let kind = Parallelism.AxisKind(rawValue: name) else {
          reader.fail("axis", "'\(name)' is none of \(names(Parallelism.AxisKind.allCases))")
          return nil
        }
        return axis(kind, inner)
      }
    } else {
      reader.fields("parallelism", in: fields) { inner in
        let kinds = Parallelism.AxisKind.allCases
        reader.allow(kinds.map(\.rawValue), in: inner)
        for kind in kinds where reader.has(kind.rawValue, in: inner) {
          if case .object? = inner[kind.rawValue] {
            reader.fields(kind.rawValue, in: inner) { fields in
              reader.allow(["size", "collective", "bytes"], in: fields)
              if let axis = axis(kind, fields) { axes.append(axis) }
            }
          } else if let size = reader.number(kind.rawValue, in: inner, 1...GangJob.mostMembers) {
            axes.append(Parallelism.Axis(kind: kind, size: size, collective: kind.usual, bytes: nil))
          }
        }
      }
    }
    for (index, axis) in axes.enumerated() where axes[..<index].contains(where: { $0.kind == axis.kind }) {
      reader.fail("parallelism", "has the axis \(axis.kind.rawValue) twice")
    }
    if axes.isEmpty && reader.problems.count == before { reader.fail("parallelism", "must name at least one axis") }
    guard reader.problems.count == before else { return nil }
    return completed(Parallelism(axes: axes))
  }

  private func axis(_ kind: Parallelism.AxisKind, _ fields: Fields) -> Parallelism.Axis? {
    if !reader.has("size", in: fields) { reader.fail("size", "is required") }
    guard let size = reader.number("size", in: fields, 1...GangJob.mostMembers) else { return nil }
    var collective = kind.usual
    if let name = reader.text("collective", in: fields) {
      guard let own = Parallelism.Collective(rawValue: name) else {
        reader.fail("collective", "'\(name)' is none of \(names(Parallelism.Collective.allCases))")
        return nil
      }
      collective = own
    }
    let bytes = reader.measure("bytes", in: fields, "a number of bytes like 256Mi") { text in
      Measures.bytes(text).flatMap { $0.isFinite ? $0 : nil }
    }
    return Parallelism.Axis(kind: kind, size: size, collective: collective, bytes: bytes)
  }

  /// Data is what the ranks leave, if it is not said.
  private func completed(_ parallelism: Parallelism) -> Parallelism {
    guard !parallelism.axes.contains(where: { $0.kind == .data }), let product = parallelism.rankCount, product > 0,
      rankCount > product, rankCount % product == 0
    else { return parallelism }
    let data = Parallelism.Axis(
      kind: .data, size: rankCount / product, collective: Parallelism.AxisKind.data.usual, bytes: nil)
    var axes = parallelism.axes
    axes.insert(data, at: axes.firstIndex { $0.kind == .pipeline } ?? axes.count)
    return Parallelism(axes: axes)
  }

  private func names<T: RawRepresentable<String>>(_ all: [T]) -> String { all.map(\.rawValue).joined(separator: ", ") }
}
