import CKernels

// The only names that leave this target. Core code calls kernels through the table, never as Swift functions.

#if KERNELS_V4
  @_cdecl("bk_fill_table_v4")
#elseif KERNELS_V3
  @_cdecl("bk_fill_table_v3")
#else
  @_cdecl("bk_fill_table_baseline")
#endif
public func fillTable(_ table: UnsafeMutablePointer<bk_table>) {
  table.pointee.inner_bounds = { innerBounds($0!, $1!, $2, $3!) }
  table.pointee.leaf_bounds = { leafBounds($0!, $1!, $2!) }
  table.pointee.pick = { pick($0!, $1!, $2, $3, $4, $5, $6) }
  table.pointee.leaf_exact = { leafExact($0!, $1!, $2, $3, $4) }
  table.pointee.summarize_leaf = { summarizeLeaf($0!, $1!, $2!) }
  table.pointee.summarize_inner = { summarizeInner($0!, $1!, $2!) }
  table.pointee.pool_lanes = { poolLanes($0!, $1) }
  table.pointee.find = { find($0!, $1) }
  table.pointee.rank = { rank($0!, $1, $2) }
  table.pointee.slot_scores = { slotScores($0!, $1!, $2, $3!) }
}
