//go:build unix

package sqlite

import "golang.org/x/sys/unix"

// free returns how many bytes may still be written to a folder's disk; -1 if that can't
// be told.
func free(dir string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
