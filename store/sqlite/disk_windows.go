package sqlite

import "golang.org/x/sys/windows"

// free returns how many bytes may still be written to a folder's disk; -1 if that can't
// be told.
func free(dir string) int64 {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return -1
	}
	var available uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, nil, nil); err != nil {
		return -1
	}
	return int64(available)
}
