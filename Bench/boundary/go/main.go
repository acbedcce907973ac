// Command boundary plays a case of `berth bench boundary` in Go, as ../README.md says.
//
//	boundary CASE <commands
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"berth"
)

// game is a case: the engine before any pod arrives, and the classes of the pods in order of arrival.
type game struct {
	engine     *berth.Engine
	arrivals   []berth.ClassID
	placements []berth.Placement
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintf(os.Stderr, "usage: %s CASE <commands\n", os.Args[0])
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directory string) error {
	game, err := readCase(directory)
	if err != nil {
		return err
	}
	defer game.engine.Close()
	info, err := game.engine.Info()
	if err != nil {
		return err
	}
	fmt.Println("go", info.Allocator, info.CPULevel)
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		answer, err := game.answer(commands.Text())
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return commands.Err()
}

func readCase(directory string) (*game, error) {
	bytes, err := os.ReadFile(filepath.Join(directory, "arrivals.u32"))
	if err != nil {
		return nil, err
	}
	arrivals := make([]berth.ClassID, len(bytes)/4)
	if _, err := binary.Decode(bytes, binary.NativeEndian, arrivals); err != nil {
		return nil, err
	}
	engine, err := berth.ReadSnapshot(
		filepath.Join(directory, "cluster.snapshot"), berth.Options{Allocator: berth.AllocatorMmap})
	if err != nil {
		return nil, err
	}
	return &game{engine, arrivals, make([]berth.Placement, len(arrivals))}, nil
}

func (g *game) answer(command string) (string, error) {
	if command == "release" {
		return g.release()
	}
	var first, count, podsPerCall, more int
	n, _ := fmt.Sscan(strings.TrimPrefix(command, "place "), &first, &count, &podsPerCall, &more)
	if !strings.HasPrefix(command, "place ") || n != 3 || podsPerCall < 1 ||
		first < 0 || count < 0 || first > len(g.arrivals) || count > len(g.arrivals)-first {
		return "", fmt.Errorf("%q is none of: place FIRST COUNT PODS_PER_CALL, release", command)
	}
	elapsed, err := g.place(first, first+count, podsPerCall)
	return fmt.Sprint(elapsed), err
}

// place gives nanoseconds of CPU time.
func (g *game) place(first, end, podsPerCall int) (int64, error) {
	start := cpuTime()
	if podsPerCall == 1 {
		for ; first < end; first++ {
			placement, err := g.engine.PlaceOne(g.arrivals[first])
			if err != nil {
				return 0, err
			}
			g.placements[first] = placement
		}
		return cpuTime() - start, nil
	}
	for ; first < end; first += podsPerCall {
		last := min(first+podsPerCall, end)
		if err := g.engine.PlaceInto(g.arrivals[first:last], g.placements[first:last]); err != nil {
			return 0, err
		}
	}
	return cpuTime() - start, nil
}

// cpuTime is what the process has used, its collector of garbage included.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // there is no process without
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// release lets go what was placed, and gives the digest of all decisions and how many pods were placed.
func (g *game) release() (string, error) {
	digest := uint64(0xCBF29CE484222325)
	var pods []berth.PodID
	for _, placement := range g.placements {
		for _, word := range []uint64{uint64(placement.Node), uint64(placement.Score)} {
			digest = (digest ^ word) * 0x100000001B3 // FNV-1a, a word in one step
		}
		if placement.Outcome == berth.Placed {
			pods = append(pods, placement.Pod)
		}
	}
	return fmt.Sprintf("%016x %d", digest, len(pods)), g.engine.Release(pods...)
}
