import CBerth

/// kube-scheduler's words for why nodes are refused (the ErrReason of each plugin).
public enum ReasonWords {
  /// "" for what is none.
  public static func of(_ reason: UInt32) -> StaticString {
    switch Int(reason) {
    case BERTH_REASON_UNSCHEDULABLE: "node(s) were unschedulable"
    case BERTH_REASON_NODE_NAME: "node(s) didn't match the requested node name"
    case BERTH_REASON_TAINT: "node(s) had untolerated taint(s)"
    case BERTH_REASON_AFFINITY: "node(s) didn't match Pod's node affinity/selector"
    case BERTH_REASON_HOST_PORTS: "node(s) didn't have free ports for the requested pod ports"
    case BERTH_REASON_INSUFFICIENT_RESOURCE: "Insufficient"
    case BERTH_REASON_SPREAD_LABEL:
      "node(s) didn't match pod topology spread constraints (missing required label)"
    case BERTH_REASON_SPREAD: "node(s) didn't match pod topology spread constraints"
    case BERTH_REASON_POD_AFFINITY: "node(s) didn't match pod affinity rules"
    case BERTH_REASON_POD_ANTI_AFFINITY: "node(s) didn't match pod anti-affinity rules"
    case BERTH_REASON_EXISTING_ANTI_AFFINITY: "node(s) didn't satisfy existing pods anti-affinity rules"
    case BERTH_REASON_NO_SUCH_DEVICES: "node(s) didn't have the requested devices"
    case BERTH_REASON_DEVICES_TAKEN: "node(s) didn't have enough free devices"
    default: ""
    }
  }
}
