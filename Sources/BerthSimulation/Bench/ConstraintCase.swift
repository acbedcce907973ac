import BerthCore
import CBerth

/// The cases of kube-scheduler's own performance suite (test/integration/scheduler_perf), each as what a pod says.
public enum ConstraintCase: String, CaseIterable, Sendable {
  case basic
  case nodeAffinity = "node affinity"
  case podAffinity = "required pod affinity"
  case podAntiAffinity = "required anti-affinity"
  case namespaceAntiAffinity = "anti-affinity with namespaceSelector"
  case preferredAffinity = "preferred affinity"
  case hardSpread = "hard spread"
  case softSpread = "soft spread"
  case defaultSpread = "default spread"
  case mixed

  /// Pods a second that kube-scheduler's CI demands of itself at 5,000 nodes (6,000 with the namespace selector), the
  /// whole way through the API server: test/integration/scheduler_perf/*/performance-config.yaml.
  public var peerThreshold: Int {
    switch self {
    case .basic: 680
    case .nodeAffinity: 220
    case .podAffinity: 35
    case .podAntiAffinity: 60
    case .namespaceAntiAffinity: 24
    case .preferredAffinity: 90
    case .hardSpread: 460
    case .softSpread: 340
    case .defaultSpread: 160
    case .mixed: 140
    }
  }

  /// The case of one class: all of them in turn where they are mixed.
  func part(_ index: Int) -> ConstraintCase {
    let parts = ConstraintCase.allCases.dropLast()
    return self == .mixed ? parts[index % parts.count] : self
  }
}

extension PodSpec {
  static let zone = "topology.kubernetes.io/zone"
  private static let hostname = "kubernetes.io/hostname"

  /// Makes a spec one of a case's; `app` selects the pods of its own class, `team` the namespaces that are alike.
  mutating func constrain(
    _ part: ConstraintCase, app: berth_selector_id, team: berth_selector_id, zones: Int, index: Int
  ) {
    switch part {
    case .basic, .mixed: break
    case .nodeAffinity:
      let values = Set([index % zones, (index + 1) % zones]).sorted().map { "zone-\($0)" }
      requiredAffinity = [AffinityIn(Self.zone, in: values)]
    case .podAffinity: affinity = [PodAffinityTerm(BERTH_POD_AFFINITY_REQUIRED, Self.zone, app)]
    case .podAntiAffinity: affinity = [PodAffinityTerm(BERTH_POD_ANTI_AFFINITY_REQUIRED, Self.hostname, app)]
    case .namespaceAntiAffinity:
      affinity = [
        PodAffinityTerm(BERTH_POD_ANTI_AFFINITY_REQUIRED, Self.hostname, app, namespaceSelector: team)
      ]
    case .preferredAffinity:
      // even classes keep together in zones, odd ones apart on hosts
      affinity = [
        index % 2 == 0
          ? PodAffinityTerm(BERTH_POD_AFFINITY_PREFERRED, Self.zone, app, weight: 1)
          : PodAffinityTerm(BERTH_POD_ANTI_AFFINITY_PREFERRED, Self.hostname, app, weight: 1)
      ]
    case .hardSpread: spread = [SpreadConstraint(Self.zone, app, maxSkew: 5, isHard: true)]
    case .softSpread: spread = [SpreadConstraint(Self.zone, app, maxSkew: 5, isHard: false)]
    case .defaultSpread:
      spread = [
        SpreadConstraint(Self.hostname, app, maxSkew: 3, isHard: false),
        SpreadConstraint(Self.zone, app, maxSkew: 5, isHard: false),
      ]
      spreadIsDefault = true
    }
  }
}
