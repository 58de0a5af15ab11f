package story

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rapport"
	"rapport/workspace"
)

// Extension is how the names of files of stories end.
const Extension = ".test"

// Result is what came of one story, or why a file could not be played at all.
type Result struct {
	File    string
	Line    int    // of the story; if it failed, of the line at which it did
	Story   string // its title; "" if the file could not be played
	Failure string // "" if all came as it said; else what was expected and what there is
}

// String returns the failure with its place, or that all is well.
func (r Result) String() string {
	if r.Failure == "" {
		return fmt.Sprintf("ok   %s:%d: %s", r.File, r.Line, r.Story)
	}
	if r.Story == "" {
		first, rest, more := strings.Cut(r.Failure, "\n")
		if more {
			first += "\n" + indented(rest)
		}
		return fmt.Sprintf("FAIL %s:%d: %s", r.File, r.Line, first)
	}
	return fmt.Sprintf("FAIL %s:%d: %s\n%s", r.File, r.Line, r.Story, indented(r.Failure))
}

// Run plays all stories of a folder and the folders in it, over stores in memory. Stories are about the
// documents of their own folder and all in it; where there are none, about those
// of the nearest folder around it that has some. An error means that files could
// not be read.
func Run(fsys fs.FS) ([]Result, error) { return RunFolder(fsys, ".") }

// RunOver is Run over stores that open opens: for each story an empty one, which is
// closed after it.
func RunOver(fsys fs.FS, open func() (Store, error)) ([]Result, error) {
	return runFolder(fsys, ".", open)
}

// RunFolder is Run for one folder of those in fsys. What is around it there is around it
// for the stories, too.
func RunFolder(fsys fs.FS, dir string) ([]Result, error) { return runFolder(fsys, dir, inMemory) }

func runFolder(fsys fs.FS, dir string, open func() (Store, error)) ([]Result, error) {
	var results []Result
	played := map[string]*workspace.Compiled{}
	err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != Extension || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		found, err := runFile(fsys, name, played, open)
		results = append(results, found...)
		return err
	})
	return results, err
}

// RunFile plays the stories of one file.
func RunFile(fsys fs.FS, name string) ([]Result, error) {
	return runFile(fsys, name, map[string]*workspace.Compiled{}, inMemory)
}

func runFile(fsys fs.FS, name string, known map[string]*workspace.Compiled, open func() (Store, error)) ([]Result, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, &rapport.Error{Kind: rapport.NotFound, Message: "cannot read " + name, Err: err}
	}
	stories, problems := Parse(string(text))
	if len(problems) > 0 {
		var results []Result
		for _, p := range problems {
			results = append(results, Result{File: name, Line: p.Line, Failure: p.Message})
		}
		return results, nil
	}
	compiled, wrong, err := documents(fsys, path.Dir(name), known)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return []Result{{File: name, Line: 1, Failure: "the documents can't be used:\n" + indented(joinProblems(wrong))}}, nil
	}
	results := make([]Result, len(stories))
	for i := range stories {
		results[i] = stories[i].play(compiled, open)
		results[i].File = name
	}
	return results, nil
}

func joinProblems(problems []workspace.Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.Join(slices.Compact(lines), "\n")
}

// documents compiles what the stories of a folder are about.
func documents(fsys fs.FS, dir string, known map[string]*workspace.Compiled) (*workspace.Compiled, []workspace.Problem, error) {
	if c := known[dir]; c != nil {
		return c, nil, nil
	}
	files, err := load(fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	if len(files) == 0 && dir != "." {
		return documents(fsys, path.Dir(dir), known)
	}
	docs, problems := workspace.Parse(files)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	c, problems := workspace.Review(docs, 1)
	if len(problems) == 0 {
		known[dir] = c
	}
	return c, problems, nil
}

// load reads the documents of a folder; their names are those in fsys.
func load(fsys fs.FS, dir string) ([]workspace.File, error) {
	within, err := fs.Sub(fsys, dir)
	if err != nil {
		return nil, err
	}
	files, err := workspace.LoadFS(within)
	for i := range files {
		files[i].Name = path.Join(dir, files[i].Name)
	}
	return files, err
}

// Play plays the story with documents.
func (s Story) Play(c *workspace.Compiled) Result { return s.play(c, inMemory) }

func (s Story) play(c *workspace.Compiled, open func() (Store, error)) (r Result) {
	r = Result{Line: s.Line, Story: s.Title}
	st, err := open()
	if err != nil {
		r.Failure = err.Error()
		return r
	}
	defer func() {
		if err := st.Close(); err != nil && r.Failure == "" {
			r.Failure = err.Error()
		}
	}()
	w, err := newWorld(c, s.zone, st)
	if err != nil {
		r.Failure = err.Error()
		return r
	}
	for _, step := range s.steps {
		if err := step.play(w); err != nil {
			r.Line, r.Failure = step.line, clipped(step.text)+"\n"+indented(w.when()+err.Error())
			return r
		}
	}
	return r
}

// when says what the clock shows.
func (w *world) when() string {
	if w.engine == nil {
		return ""
	}
	return "at " + w.clock(w.now) + ": "
}

// clipped cuts a long line of a story.
func clipped(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
