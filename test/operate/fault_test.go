package operate_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// trouble is something that happens to the disk.
type trouble struct {
	begin func()
	end   func()
	words string // of /readyz, the answers and the log
}

// suffer lets shoppers order while trouble comes and goes: the program refuses what it can't
// keep and says why, recovers by itself, and keeps whatever it has acknowledged, over a
// restart too.
func (p *program) suffer(data string, s *sink, x trouble) {
	p.Helper()
	p.apply(s)
	l := shop(p, 4)
	p.await("busy", func() bool { return l.count() > 100 })
	for range 2 {
		refused := l.refused.Load()
		x.begin()
		p.await("refusing events and not ready", func() bool {
			return l.refused.Load() > refused+10 && strings.Contains(p.readiness(), x.words)
		})
		if !strings.Contains(p.log.String(), x.words) {
			p.Errorf("the log does not say %q:\n%s", x.words, p.log)
		}
		if status, _, err := p.ask(http.MethodGet, "/healthz", ""); err != nil || status != http.StatusOK {
			p.Errorf("it is not alive: %d, %v", status, err)
		}
		if status, body, err := p.ask(http.MethodGet, "/metrics", ""); err != nil || status != http.StatusOK || !strings.Contains(string(body), "\nrapport_ready 0") {
			p.Errorf("figures are not told: %d, %v", status, err)
		}
		acked := l.count()
		x.end()
		p.await("ready again", func() bool { return p.readiness() == "" })
		p.await("taking orders again", func() bool { return l.count() > acked+50 })
	}
	l.stop()
	acked := l.acknowledged()
	l.judge(p, acked)
	p.stop()
	again := serve(p.T, data, "--min-free", "1")
	l.url.Store(&again.url)
	l.judge(again, acked)
	again.stop()
}

// disk mounts a small disk in memory, which only root may on Linux.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("a small disk can be mounted by root on Linux only; TestDiskFullWritesNothingAndPasses of store/sqlite tries the same without one")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk can't be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	root := disk(t, 64)
	data, ballast := filepath.Join(root, "data"), filepath.Join(root, "ballast")
	serve(t, data, "--min-free", "1").suffer(data, newSink(t), trouble{
		begin: func() {
			f, err := os.Create(ballast)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for block := make([]byte, 64<<10); err == nil; {
				_, err = f.Write(block)
			}
		},
		end: func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
		words: "The disk is full",
	})
}

// A disk that is nearly full is told of before it is full; events are still taken.
func TestDiskNearlyFull(t *testing.T) {
	t.Parallel()
	data := disk(t, 64)
	p := begin(t, data, nil, "--min-free", "200")
	if why := p.readiness(); !strings.Contains(why, "are left on the disk of the data folder, and 200 MB should be") {
		t.Errorf("readiness: %s", why)
	}
	l := shop(p, 1)
	p.await("taking orders", func() bool { return l.count() > 5 })
	l.stop()
	p.stop()
}

// A disk that can't be written any more, as one that the system has made read-only.
func TestDiskReadOnly(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	files := []string{filepath.Join(data, "rapport.db"), filepath.Join(data, "rapport.db-wal")}
	set := func(flag string) error {
		return exec.Command("chattr", append([]string{flag}, files...)...).Run()
	}
	p := serve(t, data)
	if err := set("+i"); err != nil {
		p.stop()
		t.Skip("files can't be made immutable here: TestReadOnlyDatabase of store/sqlite tries the same")
	}
	t.Cleanup(func() { set("-i") })
	if err := set("-i"); err != nil {
		t.Fatal(err)
	}
	change := func(flag string) func() {
		return func() {
			if err := set(flag); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.suffer(data, newSink(t), trouble{begin: change("+i"), end: change("-i"), words: "The disk refused to read or write"})
}

// A folder that is gone, as one whose volume was taken away, and comes back.
func TestFolderGone(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	move := func(from, to string) func() {
		return func() {
			if err := os.Rename(from, to); err != nil {
				t.Fatal(err)
			}
		}
	}
	serve(t, data).suffer(data, newSink(t), trouble{
		begin: move(data, data+"-away"), end: move(data+"-away", data), words: "The database's files are not where they were",
	})
}

// A folder that can't be written keeps the program from starting, which says so.
func TestFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := run(t, 1, "serve", "--data", filepath.Join(file, "data"), "--listen", "127.0.0.1:0"); !strings.Contains(said, "can't be used: look whether it exists and may be written") {
		t.Error(said)
	}
}
