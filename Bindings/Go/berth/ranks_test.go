package berth

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var rankLinks = []RankLink{{1e9, 1000}, {1e10, 100}}

func TestRanksAreAssigned(t *testing.T) {
	network := RankNetwork{Domains: []uint32{0, 1, 0, 1}, Levels: 1, Links: rankLinks}
	job := RankJob{Dimensions: []uint32{4},
		Collectives: []Collective{{Kind: RingAllReduce, Dimensions: AllDimensions, Bytes: 4000, Times: 1}}}
	found, err := AssignRanks(network, job, nil, DefaultRankOptions())
	if err != nil || !found.Exact || found.CostBefore != 48_000_000 || found.Cost != 26_400_000 ||
		found.LowerBound != found.Cost || !slices.Equal(found.Bytes, []int64{12_000, 12_000}) {
		t.Errorf("AssignRanks gives %+v, %v", found, err)
	}
	cost, bytes, err := CostOfRanks(network, job, found.Places)
	if err != nil || cost != found.Cost || !slices.Equal(bytes, found.Bytes) {
		t.Errorf("CostOfRanks gives %d, %v, %v", cost, bytes, err)
	}
	if _, err := AssignRanks(network, RankJob{Dimensions: []uint32{3}}, nil, DefaultRankOptions()); !errors.Is(
		err, BadArgument) || !strings.Contains(err.Error(), "3 ranks and 4 places") {
		t.Errorf("three ranks on four places: %v", err)
	}
}

func TestLostRanksAreReplaced(t *testing.T) {
	network := RankNetwork{Domains: []uint32{0, 0, 1, 1}, Levels: 1, Links: rankLinks}
	job := RankJob{Dimensions: []uint32{3}, Flows: []Flow{{0, 1, 100, 1}, {1, 2, 50, 1}}}
	found, err := ReplaceRanks(network, job, []uint32{0, 1, 3}, []uint32{1}, []uint32{2}, DefaultRankOptions())
	if err != nil || !found.Exact || !slices.Equal(found.Places, []uint32{0, 2, 3}) {
		t.Errorf("ReplaceRanks gives %+v, %v", found, err)
	}
}

func TestRankMultiples(t *testing.T) {
	job := RankJob{Dimensions: []uint32{8, 4, 16}, Collectives: []Collective{
		{Kind: RingAllReduce, Dimensions: 1, Bytes: 1 << 26, Times: 64},
		{Kind: Pipeline, Dimensions: 2, Bytes: 1 << 26, Times: 8}}}
	found, err := RankMultiples(job, 8, rankLinks, []uint32{3})
	if err != nil || !slices.Equal(found, []RankMultiple{{Pods: 4, Ranks: 32, Dimensions: 3, Level: NoLevel}}) {
		t.Errorf("RankMultiples gives %+v, %v", found, err)
	}
}
