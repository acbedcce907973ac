/// What a container holds of its arena: the same questions to all of them, so that an engine lists its containers once.
public protocol SharedStorage {
  /// What it takes, shared or not.
  var bytes: Int { get }
  /// What it takes of its own, as far as is known: a page that a destroyed engine shared counts once it is written.
  var ownBytes: Int { get }
  /// Counts the blocks that it holds; nil when a count contradicts what is said of ownership. `alone`: there is no
  /// other engine that could hold them, too.
  func countHeld(alone: Bool) -> Int?
  /// Lets go of everything; the container is of no use afterwards.
  func giveBack()
}
