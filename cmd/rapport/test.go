package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"rapport"
	"rapport/story"
	"rapport/workspace"
)

type test struct {
	Path string `arg:"" help:"A folder of documents and stories, or one file of stories (.test)." default:"."`
}

// Validate says whether there is anything of that name: another name is a slip of
// the pen, not a story that failed.
func (t *test) Validate() error {
	_, err := os.Stat(t.Path)
	return err
}

// Run plays the stories.
func (t *test) Run(std *streams) error {
	results, err := t.play()
	if err != nil {
		return err
	}
	played, failed, unread := 0, 0, map[string]bool{}
	for _, r := range results {
		fmt.Fprintln(std.out, r)
		switch {
		case r.Story == "" && r.Failure != "":
			unread[r.File] = true
		case r.Failure != "":
			failed++
			fallthrough
		default:
			played++
		}
	}
	switch {
	case len(results) == 0:
		return rapport.Errorf(rapport.NotFound, "there are no stories in %s: their files end in %s", t.Path, story.Extension)
	case len(unread) > 0:
		return rapport.Errorf(rapport.Invalid, "%d of %d stories failed, and those of %d files could not be played", failed, played, len(unread))
	case failed > 0:
		return rapport.Errorf(rapport.Invalid, "%d of %d stories failed", failed, played)
	}
	_, err = fmt.Fprintf(std.out, "%d stories, all as they say\n", len(results))
	return err
}

// play plays a folder, or a file, with the documents that are there or, if there are
// none, in the nearest folder around it that has some.
func (t *test) play() ([]story.Result, error) {
	info, err := os.Stat(t.Path)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(t.Path)
	if err != nil {
		return nil, err
	}
	play, above := story.RunFolder, around(path)
	if !info.IsDir() {
		play, above = story.RunFile, around(filepath.Dir(path))
	}
	name, err := filepath.Rel(above, path)
	if err != nil {
		return nil, err
	}
	results, err := play(os.DirFS(above), filepath.ToSlash(name))
	for i := range results {
		results[i].File = t.called(filepath.Join(above, filepath.FromSlash(results[i].File)), path)
	}
	return results, err
}

// around returns a folder around another beyond which no documents are looked for: the
// nearest with a document in it, or with a repository; else the one just around it.
func around(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		if err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == ".git" || workspace.IsDocument(e.Name()) }) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return filepath.Dir(path)
		}
	}
}

// called returns how a file is called from here, given how the path is that was named.
func (t *test) called(file, path string) string {
	within, err := filepath.Rel(path, file)
	if err != nil {
		return file
	}
	return filepath.Join(t.Path, within)
}
