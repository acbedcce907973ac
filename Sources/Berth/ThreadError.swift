import Glibc

/// The sentence to a thread's last refused call that had no engine to keep it.
enum ThreadError {
  private final class Box {
    var text = ""
  }

  /// The thread's box is freed when the thread ends.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let failure = pthread_key_create(&key) { box in
      if let box { Unmanaged<Box>.fromOpaque(box).release() }
    }
    precondition(failure == 0, "berth: the process has no thread-local key left")
    return key
  }()

  static var text: String {
    guard let box = pthread_getspecific(key) else { return "" }
    return Unmanaged<Box>.fromOpaque(box).takeUnretainedValue().text
  }

  static func set(_ text: String) {
    if let box = pthread_getspecific(key) {
      Unmanaged<Box>.fromOpaque(box).takeUnretainedValue().text = text
    } else {
      let box = Box()
      box.text = text
      pthread_setspecific(key, Unmanaged.passRetained(box).toOpaque())
    }
  }
}
