//go:build !linux

package bench

import (
	"os"
	"time"
)

// Only Linux tells what is measured here; elsewhere a benchmark says so when it asks what
// the server has taken, see process.go. So nothing is ever compared with these.

func ownCPU() time.Duration { return 0 }

func threadCPU() time.Duration { return 0 }

func mostMemory(*os.ProcessState) int64 { return 0 }
