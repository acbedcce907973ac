package plugin

import (
	v1 "k8s.io/api/core/v1"

	"berth"
)

// Kubernetes' words in the engine's. What a map does not have is 0, which the engine refuses where it means nothing.

var effects = map[v1.TaintEffect]berth.Effect{
	"":                             berth.EffectAny,
	v1.TaintEffectNoSchedule:       berth.EffectNoSchedule,
	v1.TaintEffectPreferNoSchedule: berth.EffectPreferNoSchedule,
	v1.TaintEffectNoExecute:        berth.EffectNoExecute,
}

var tolerationOperators = map[v1.TolerationOperator]berth.TolerationOperator{
	"":                    berth.TolerationEqual,
	v1.TolerationOpEqual:  berth.TolerationEqual,
	v1.TolerationOpExists: berth.TolerationExists,
}

// Operators of node selectors and of label selectors are the same words.
var operators = map[string]berth.Operator{
	"In":           berth.In,
	"NotIn":        berth.NotIn,
	"Exists":       berth.Exists,
	"DoesNotExist": berth.DoesNotExist,
	"Gt":           berth.Gt,
	"Lt":           berth.Lt,
}

var protocols = map[v1.Protocol]berth.Protocol{
	"":              berth.TCP,
	v1.ProtocolTCP:  berth.TCP,
	v1.ProtocolUDP:  berth.UDP,
	v1.ProtocolSCTP: berth.SCTP,
}

var policies = map[v1.NodeInclusionPolicy]berth.InclusionPolicy{
	v1.NodeInclusionPolicyHonor:  berth.PolicyHonor,
	v1.NodeInclusionPolicyIgnore: berth.PolicyIgnore,
}
