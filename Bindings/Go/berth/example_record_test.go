package berth_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"berth"
)

// A process that ended, however it ended, goes on from its snapshot and journal: same ids, same decisions.
func ExampleRecover() {
	directory, err := os.MkdirTemp("", "berth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	snapshot, journal := filepath.Join(directory, "snapshot"), filepath.Join(directory, "journal")

	engine, _, pod := twoNodes()
	if err := engine.OpenJournal(journal, berth.JournalBuffered); err != nil {
		log.Fatal(err)
	}
	if err := engine.WriteSnapshot(snapshot); err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Place(pod, pod, pod); err != nil {
		log.Fatal(err)
	}
	before, _ := engine.Digest()
	if err := engine.CloseJournal(); err != nil {
		log.Fatal(err)
	}
	engine.Close()

	again, recovery, err := berth.Recover(snapshot, journal, berth.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	after, _ := again.Digest()
	fmt.Println(recovery.Replayed, "call was made again; the state is the same:", before == after)

	// Output:
	// 1 call was made again; the state is the same: true
}

// Events are followed with a reader, each at its own pace.
func ExampleEngine_Events() {
	engine, nodes, pod := twoNodes()
	defer engine.Close()

	if err := engine.EnableEvents(1024); err != nil {
		log.Fatal(err)
	}
	reader := engine.Events()
	placements, err := engine.Place(pod, pod)
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Confirm(placements[0].Pod); err != nil {
		log.Fatal(err)
	}
	if err := engine.RemoveNodes(nodes[:1]); err != nil {
		log.Fatal(err)
	}
	for event, err := range reader.New() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Sequence, event.Kind)
	}

	// Output:
	// 1 pod assumed
	// 2 pod assumed
	// 3 pod bound
	// 4 node lost
	// 5 pod evicted
	// 6 pod evicted
}

func ExampleEngine_Metrics() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	if _, err := engine.Place(pod, pod, pod, pod, pod, pod, pod, pod, pod); err != nil {
		log.Fatal(err)
	}
	_, err := engine.Place(12345)
	metrics, _ := engine.Metrics()
	fmt.Println(metrics.Placed, "placed,", metrics.NoFit, "without a node")
	fmt.Println(metrics.Refusals[berth.UnknownID], "refused:", err != nil)

	// Output:
	// 8 placed, 1 without a node
	// 1 refused: true
}

// WriteMetrics is what a handler of /metrics writes.
func ExampleEngine_WriteMetrics() {
	engine, _, pod := twoNodes()
	defer engine.Close()

	if _, err := engine.Place(pod, pod); err != nil {
		log.Fatal(err)
	}
	var page bytes.Buffer
	if err := engine.WriteMetrics(&page); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if strings.HasPrefix(line, "berth_pods") || strings.HasPrefix(line, "berth_nodes") {
			fmt.Print(line)
		}
	}

	// Output:
	// berth_nodes 2
	// berth_pods 2
}
