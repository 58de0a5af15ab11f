package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit in which Linux counts processor time, on every machine
// that Go runs on.
const clockTick = 10 * time.Millisecond

// cpu returns the processor time that the server has taken so far, user and system,
// with that of its database since the server was started.
func (s *server) cpu() (time.Duration, error) {
	own, err := s.own()
	if err != nil {
		return 0, err
	}
	other, err := s.others()
	return own + other, err
}

// own returns what the program itself has taken.
func (s *server) own() (time.Duration, error) {
	p, err := statOf(s.command.Process.Pid)
	return p.own, err
}

// others returns what its database has taken since the server was started.
func (s *server) others() (time.Duration, error) {
	now, err := s.database.cpu()
	return now - s.databaseBefore, err
}

// process is what Linux tells of a process.
type process struct {
	parent int
	own    time.Duration // user and system
	ended  time.Duration // of those of its children that have ended
}

func statOf(pid int) (process, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("reading what a process has taken so far, which only Linux tells: %w", err)
	}
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:]) // of the third on: a name may hold anything
	if len(fields) < 15 {
		return process{}, fmt.Errorf("what a process has taken so far is told in an unknown form")
	}
	var numbers [15]int64
	for _, i := range []int{1, 11, 12, 13, 14} {
		if numbers[i], err = strconv.ParseInt(string(fields[i]), 10, 64); err != nil {
			return process{}, fmt.Errorf("reading what a process has taken so far: %w", err)
		}
	}
	return process{
		parent: int(numbers[1]), own: time.Duration(numbers[11]+numbers[12]) * clockTick, ended: time.Duration(numbers[13]+numbers[14]) * clockTick,
	}, nil
}

func parentOf(pid int) (int, error) {
	p, err := statOf(pid)
	return p.parent, err
}

// familyCPU returns what a process and its children have taken so far.
func familyCPU(pid int) (time.Duration, error) {
	first, err := statOf(pid)
	if err != nil {
		return 0, err
	}
	total := first.own + first.ended
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, folder := range all {
		child, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if p, err := statOf(child); err == nil && p.parent == pid { // one that has just ended is counted by its parent
			total += p.own + p.ended
		}
	}
	return total, nil
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
