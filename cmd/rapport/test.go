package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rapport"
	"rapport/story"
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
	failed := 0
	for _, r := range results {
		if r.Failure != "" {
			failed++
		}
		fmt.Fprintln(std.out, r)
	}
	switch {
	case len(results) == 0:
		return rapport.Errorf(rapport.NotFound, "there are no stories in %s: their files end in %s", t.Path, story.Extension)
	case failed > 0:
		return rapport.Errorf(rapport.Invalid, "%d of %d stories failed", failed, len(results))
	}
	_, err = fmt.Fprintf(std.out, "%d stories, all as they say\n", len(results))
	return err
}

// play plays a folder, or a file, with the documents that are there or, if there are
// none, in the folder above.
func (t *test) play() ([]story.Result, error) {
	info, err := os.Stat(t.Path)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(t.Path)
	if err != nil {
		return nil, err
	}
	play, above := story.RunFolder, filepath.Dir(path)
	if !info.IsDir() {
		play, above = story.RunFile, filepath.Dir(above)
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

// called returns how a file is called from here, given how the path is that was named.
func (t *test) called(file, path string) string {
	within, err := filepath.Rel(path, file)
	if err != nil {
		return file
	}
	return filepath.Join(t.Path, within)
}
