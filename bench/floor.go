package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// floorOf measures the least that could be done with the same bodies: check that
// each is JSON, append it to a file and sync every twentieth, as large batches of
// a busy server do.
func floorOf(bodies [][]byte, dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "floor"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	before := ownCPU()
	for i, body := range bodies {
		if !json.Valid(body) {
			return 0, fmt.Errorf("body %d is not JSON", i)
		}
		if _, err := f.Write(body); err != nil {
			return 0, err
		}
		if i%20 == 19 || i == len(bodies)-1 {
			if err := f.Sync(); err != nil {
				return 0, err
			}
		}
	}
	return ownCPU() - before, nil
}
