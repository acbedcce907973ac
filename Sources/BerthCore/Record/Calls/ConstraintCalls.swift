import CBerth

// berth_selector_intern, berth_namespace_set, berth_namespace_remove, berth_image_set_intern, berth_pods_terminate

struct SelectorIntern: Call {
  static let kind = CallKind.selectorIntern
  let requirements: UnsafeBufferPointer<berth_requirement>

  func apply(to engine: Engine) throws(EngineError) -> berth_selector_id {
    try engine.applyInternSelector(requirements)
  }

  func write(to record: inout RecordWriter) { record.put(requirements) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(requirements: try scratch.requirements(&record))
  }
}

struct NamespaceSet: Call {
  static let kind = CallKind.namespaceSet
  let name: UnsafePointer<CChar>
  let labels: UnsafeBufferPointer<berth_label>

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetNamespace(name: name, labels: labels) }

  func write(to record: inout RecordWriter) {
    record.put(name)
    record.put(labels)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(name: try scratch.name(&record), labels: try scratch.labels(&record))
  }
}

struct NamespaceRemove: Call {
  static let kind = CallKind.namespaceRemove
  let name: UnsafePointer<CChar>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyRemoveNamespace(name: name) }

  func write(to record: inout RecordWriter) { record.put(name) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(name: try scratch.name(&record))
  }
}

struct ImageSetIntern: Call {
  static let kind = CallKind.imageSetIntern
  let images: UnsafeBufferPointer<berth_image>

  func apply(to engine: Engine) throws(EngineError) -> berth_image_set_id { try engine.applyInternImageSet(images) }

  func write(to record: inout RecordWriter) {
    record.put(UInt64(images.count))
    for image in images {
      record.put(image.name)
      record.put(image.size_bytes)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(
      images: try scratch.list(&record, bytes: 10, "images") { record throws(EngineError) in
        berth_image(name: try scratch.text(&record), size_bytes: try record.take())
      })
  }
}

struct PodsTerminate: Call {
  static let kind = CallKind.podsTerminate
  let pods: UnsafeBufferPointer<berth_pod_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyTerminate(pods) }

  func write(to record: inout RecordWriter) { record.put(pods) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(pods: try scratch.array(&record, "pods"))
  }
}
