package workspace

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"rapport"
)

// MaxBytes is how large a file may be, and all documents of a workspace together: so what
// is exported can always be put in force at once.
const MaxBytes = 16 << 20

// Load reads the files of a folder and all folders in it, or one file. In a
// folder it passes over what is no document: everything but .yaml, .yml and .json,
// and whatever begins with a dot.
func Load(name string) ([]File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, notReadable(name, err)
	}
	if info.IsDir() {
		files, err := LoadFS(os.DirFS(name))
		for i := range files {
			files[i].Name = filepath.ToSlash(filepath.Join(name, files[i].Name))
		}
		return files, err
	}
	if info.Size() > MaxBytes {
		return nil, tooLarge(name)
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return nil, notReadable(name, err)
	}
	return []File{{Name: filepath.ToSlash(name), Body: body}}, nil
}

// LoadFS is Load for a file system, such as the recipes inside the program. The
// files are in the order of their names.
func LoadFS(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return notReadable(name, err)
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !IsDocument(name):
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return notReadable(name, err)
		}
		if info.Size() > MaxBytes {
			return tooLarge(name)
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return notReadable(name, err)
		}
		files = append(files, File{Name: name, Body: body})
		return nil
	})
	return files, err
}

// IsDocument reports whether a file is called as those with documents are.
func IsDocument(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(path.Ext(name)))
}

func notReadable(name string, err error) error {
	return &rapport.Error{Kind: rapport.NotFound, Message: "cannot read " + name, Err: err}
}

func tooLarge(name string) error {
	return rapport.Errorf(rapport.TooLarge, "%s is larger than %d MB", name, MaxBytes>>20)
}
