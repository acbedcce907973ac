// Package berth places pods on nodes: Go's face of libberth, the embedded scheduling engine.
//
// A host describes resources, topology, nodes and pod classes, and gets placements back: which node, with which score,
// or why none. Describe with [Engine.AddResource], [Engine.AddDomain], [Engine.AddNodes], [Engine.AddProfile] and
// [Engine.InternClass]; decide with [Engine.Place]; ask with [Engine.Candidates], [Engine.Check] and [Engine.Explain].
//
// GPUs and NICs are placed one by one: [Engine.SetMachines] says what nodes have, [PodSpec].Devices what pods ask for,
// and [Engine.ReadClaims] which of them a pod holds.
//
// What was done can be taken back with [Engine.Begin] or [Engine.Try], tried elsewhere with [Engine.Fork], followed
// with [Engine.Events] and [Engine.Metrics], and kept in files with [Engine.WriteSnapshot] and [Engine.OpenJournal].
// [Engine.Reserve] holds capacity, [Engine.UpdateLoad] tells what nodes really use, and [Engine.SetRerank] gives the
// host a say in each placement.
//
// Calls that move many records take and give slices: one crossing into the library per batch.
//
// An [Engine] serves one call at a time. A call that arrives while another is inside is refused at once with [Busy];
// give each goroutine its own engine, or guard one with a mutex. Different engines are independent.
//
// The package is linked with jemalloc, so that engines take their memory from it. Tell the linker where libberth.so is:
//
//	CGO_LDFLAGS="-L$DIR -Wl,-rpath,$DIR" go test ./...
package berth
