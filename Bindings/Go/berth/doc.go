// Package berth places pods on nodes: Go's face of libberth, the embedded scheduling engine.
//
// # Describe, decide, tell
//
// An [Engine] is one cluster. A host describes what there is, once or as it comes: resources ([Engine.AddResource]),
// topology ([Engine.AddDomain]), nodes ([Engine.AddNodes]), ways to score a node ([Engine.AddProfile]) and what pods
// ask for ([Engine.InternClass]): pods that ask for the same are of one class.
//
// Then it asks for decisions, and gets them as values: [Engine.Place] takes a class for each pod and gives a node, a
// score and the pod's id, or says that no node fits, which is no error. [Engine.Message] and [Engine.Explain] say why,
// [Engine.Candidates] the best nodes, [Engine.Check] what is to be said of single ones.
//
// Placed pods are assumed. The host tells what becomes of them: [Engine.Confirm], [Engine.Forget], [Engine.Release].
// Pods that run already come with [Engine.Bind].
//
// Names are those of Kubernetes where it has one. Quantities are whole numbers in a unit that the host chooses for each
// resource, the same on nodes and pods: millicores and MiB by custom. Times are milliseconds of the host's clock, which
// it tells ([Engine.SetTime]); the engine decides by no clock and no random number, and the same calls get the same
// answers on every machine.
//
// # What else there is
//
//   - Devices: [Engine.SetMachines] says which GPUs and NICs nodes have, [PodSpec].Devices what pods ask of them,
//     [Engine.ReadClaims] which of them a pod holds, [Engine.Defragment] which to move.
//   - Gangs: [Engine.PlaceGang] places pods that start together, whole or not at all, close together in the topology;
//     [Engine.ScheduleGangs] decides about a queue of them; [AssignRanks] orders the ranks of a training job.
//   - What if: [Engine.Try] and [Engine.Begin] take back what was done, [Engine.Fork] tries it elsewhere.
//   - Holding and measuring: [Engine.Reserve] holds capacity, [Engine.UpdateLoad] tells what nodes really use.
//   - A say for the host: [Engine.SetRerank] orders the best nodes of each pod anew.
//   - Watching: [Engine.Events], [Engine.Metrics], [Engine.WriteMetrics] for Prometheus, [Engine.Info].
//   - Files: [Engine.WriteSnapshot], [Engine.OpenJournal] and [Recover].
//
// # Batches and memory
//
// A call into the library costs 100 to 200 ns beside what it does. Calls that move many records take and give slices
// therefore, and cross once: records in Go have the library's layout, and slices of them are shown where they are,
// pinned for the call. The ones whose names end in Into write to slices of the caller, and allocate nothing;
// [Engine.PlaceOne] is for a single pod.
//
// Engines hold memory that Go's collector does not see. Close them; one that is forgotten is closed when the collector
// finds it, which may be late.
//
// # Errors
//
// A refused call returns an [*Error] with a [Status] and the library's sentence, and has changed nothing:
//
//	if errors.Is(err, berth.StaleID) { ... }
//
// A closed engine refuses with [ErrClosed], and so do its statements and event readers. Forks live on their own.
//
// # Goroutines and contexts
//
// An engine serves one call at a time. What comes while another call is inside is refused with [Busy] at once, and
// nothing happens: give each goroutine an engine of its own, or guard one with a mutex. Different engines are
// independent, forks of one another too. An [EventReader] or a [Statement] is for one goroutine at a time.
//
// Calls that can be long have a variant with a context. [Engine.PlaceContext] stops between two pods, and says how many
// it has decided. The others cannot be interrupted: [Engine.ScheduleGangsContext], [Engine.DefragmentContext],
// [Engine.WriteSnapshotContext], [Engine.SyncJournalContext], [RecoverContext] and [AssignRanksContext] return as soon
// as their context is done, while the call goes on in a goroutine of its own to its end, with the engine Busy until
// then. Each says what an abandoned call leaves done.
//
// # Building
//
// The package needs cgo, and is linked with libberth and with jemalloc, so that engines take their memory from it. Tell
// the linker where libberth.so is:
//
//	CGO_LDFLAGS="-L$DIR -Wl,-rpath,$DIR" go test ./...
package berth
