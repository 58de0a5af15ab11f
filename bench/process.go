package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit in which Linux counts processor time, on every machine
// that Go runs on.
const clockTick = 10 * time.Millisecond

// cpu returns the processor time that the server has taken so far, user and system.
func (s *server) cpu() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading what the server has taken so far, which only Linux tells: %w", err)
	}
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:]) // of the third on: a name may hold anything
	if len(fields) < 13 {
		return 0, fmt.Errorf("what the server has taken so far is told in an unknown form")
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading what the server has taken so far: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// memory returns how many bytes of memory the server holds now.
func (s *server) memory() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading what the server holds, which only Linux tells: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if said, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(said), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("what the server holds is told in an unknown form")
}
