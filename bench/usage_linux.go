package bench

import (
	"os"
	"syscall"
	"time"
)

// rusageThread asks Linux for the calling thread alone.
const rusageThread = 1

// ownCPU returns the processor time that this process has taken.
func ownCPU() time.Duration { return cpuOf(syscall.RUSAGE_SELF) }

// threadCPU returns the processor time that the calling thread has taken.
func threadCPU() time.Duration { return cpuOf(rusageThread) }

func cpuOf(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mostMemory returns the most bytes that a process which has ended held at once.
func mostMemory(p *os.ProcessState) int64 {
	r, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return r.Maxrss << 10
}
