import CKernels

// Typed views of the blocks' columns. Kernels are free functions over raw blocks: no class, closure, array growth,
// allocation or generic code of our own may enter these targets, since the same source is compiled per CPU level and
// the linker must not pick another level's copy of a shared function.

typealias Block = UnsafeRawPointer

@inline(__always)
func lanes16(_ block: Block, _ offset: Int, _ quarter: Int) -> SIMD16<UInt32> {
  (block + offset + quarter &* 64).assumingMemoryBound(to: SIMD16<UInt32>.self).pointee
}

@inline(__always)
func signed16(_ block: Block, _ quarter: Int) -> SIMD16<Int32> {
  (block + quarter &* 64).assumingMemoryBound(to: SIMD16<Int32>.self).pointee
}

@inline(__always)
func words8(_ block: Block, _ offset: Int, _ eighth: Int) -> SIMD8<UInt64> {
  (block + offset + eighth &* 64).assumingMemoryBound(to: SIMD8<UInt64>.self).pointee
}

/// The low `count` bits.
@inline(__always)
func liveLanes(_ count: UInt32) -> UInt64 {
  count >= 64 ? ~0 : (1 &<< UInt64(count)) &- 1
}

/// How many groups of 16 lanes a block uses.
@inline(__always)
func usedQuarters(_ block: Block) -> Int {
  Int(truncatingIfNeeded: (header(block).pointee.count &+ 15) &>> 4)
}

@inline(__always)
func header(_ block: Block) -> UnsafePointer<bk_header> {
  block.assumingMemoryBound(to: bk_header.self)
}
