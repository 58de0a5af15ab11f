package api

import (
	"maps"
	"slices"

	"rapport/journey"
)

// runsOf is how many runs follow one version of a journey.
type runsOf struct {
	Version uint64 `json:"version" doc:"Of the workspace, which made the journey what these runs follow"`
	Runs    int64  `json:"runs" doc:"Under way"`
	Newest  bool   `json:"newest,omitempty" doc:"The version that whoever enters follows"`
}

// editions lists how many runs follow which version, new to old.
func editions(j *journey.Journey, runs map[uint64]int64) []runsOf {
	all := []runsOf{}
	for _, version := range slices.Backward(slices.Sorted(maps.Keys(runs))) {
		if n := runs[version]; n > 0 {
			all = append(all, runsOf{version, n, version == j.Version()})
		}
	}
	return all
}
