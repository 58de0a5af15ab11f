package kill_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Keys of the program under test.
const (
	adminKey = "rk_live_kill"
	writeKey = "wk_live_kill"
)

// programs are the two that take turns on the data folder.
type programs struct {
	real, victim string
	data         string
	database     string // its address; "" for the data folder
}

// build builds them.
func build(t *testing.T) *programs {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs are killed by signal here")
	}
	bin := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", bin+string(filepath.Separator), "./cmd/rapport", "./test/kill/victim")
	command.Dir = "../.."
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	return &programs{real: filepath.Join(bin, "rapport"), victim: filepath.Join(bin, "victim"), data: t.TempDir()}
}

// running is a program at work.
type running struct {
	*exec.Cmd
	url       string // of its face
	complaint *bytes.Buffer
	stdout    io.ReadCloser
	orders    *os.File // arms the trap
	reports   *bufio.Reader
	reported  *os.File
}

// start runs the real program, or the victim that can be halted.
func (p *programs) start(t *testing.T, aimed bool) *running {
	t.Helper()
	r := &running{complaint: new(bytes.Buffer)}
	r.Cmd = exec.Command(p.real, "serve", "--data", p.data, "--listen", "127.0.0.1:0", "--public-url", "https://shop.example")
	if aimed {
		r.Cmd = exec.Command(p.victim, p.data, "127.0.0.1:0")
	}
	r.Env = append(os.Environ(), "RAPPORT_ADMIN_KEY="+adminKey, "RAPPORT_WRITE_KEY="+writeKey, "RAPPORT_DATABASE="+p.database)
	r.Stderr = r.complaint
	var err error
	if r.stdout, err = r.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	var theirs []*os.File
	if aimed {
		theirs = r.pipes(t)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // if the test ends early
		r.Process.Kill()
		r.Wait()
	})
	for _, f := range theirs {
		f.Close()
	}
	return r
}

// pipes are the victim's; its own ends are returned.
func (r *running) pipes(t *testing.T) []*os.File {
	t.Helper()
	in, orders, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reports, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.orders, r.reported, r.reports = orders, reports, bufio.NewReader(reports)
	r.ExtraFiles = []*os.File{in, out}
	return r.ExtraFiles
}

// ready waits until it takes requests.
func (r *running) ready(t *testing.T) {
	t.Helper()
	lines := bufio.NewScanner(r.stdout)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "listens on "); found {
			r.url, _, _ = strings.Cut(rest, " ")
			break
		}
	}
	if r.url == "" {
		r.Wait()
		t.Fatalf("the program did not start: %s", r.complaint)
	}
	go io.Copy(io.Discard, r.stdout)
	r.answers(t)
}

// answers waits until it says that it is ready.
func (r *running) answers(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		answer, err := http.Get(r.url + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program is not ready: %v\n%s", err, r.complaint)
		}
	}
}

// halt halts a victim inside its next commit.
func (r *running) halt(t *testing.T) {
	t.Helper()
	if _, err := r.orders.WriteString("halt\n"); err != nil {
		t.Fatal(err)
	}
	if err := r.reported.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if line, err := r.reports.ReadString('\n'); err != nil || line != "inside\n" {
		t.Fatalf("the victim did not stop inside a commit: %q, %v\n%s", line, err, r.complaint)
	}
}

// kill kills it with SIGKILL and returns when it is gone. It has to be alive until then.
func (r *running) kill(t *testing.T) {
	t.Helper()
	r.Process.Kill()
	err := r.Wait()
	if r.orders != nil {
		r.orders.Close()
		r.reported.Close()
	}
	if exit, ok := err.(*exec.ExitError); !ok || exit.String() != "signal: killed" {
		t.Fatalf("the program did not die of the kill: %v\n%s", err, r.complaint)
	}
}

// stop asks it to stop, as those do who run it, and returns when it has.
func (r *running) stop(t *testing.T) {
	t.Helper()
	r.Process.Signal(syscall.SIGTERM)
	hung := time.AfterFunc(time.Minute, func() { r.Process.Kill() })
	defer hung.Stop()
	if err := r.Wait(); err != nil {
		t.Fatalf("the program did not stop when asked to: %v\n%s", err, r.complaint)
	}
}

// call asks the running program for something with the admin's key.
func (r *running) call(ctx context.Context, method, path, contentType string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+adminKey)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, found)
	}
	return found, err
}
