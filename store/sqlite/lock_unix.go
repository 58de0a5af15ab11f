//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// unlockFile gives the lock up at once. Closing the file is not enough: a process
// that is being started at this very moment holds a copy of it until it is.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
