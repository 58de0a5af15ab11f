package operate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Keys of the program under test.
const (
	adminKey = "rk_live_operate"
	writeKey = "wk_live_operate"
)

// folderOfProgram is the variable of the environment that says where the program is built.
const folderOfProgram = "RAPPORT_TEST_OPERATE"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "operate")
	if err != nil {
		panic(err)
	}
	os.Setenv(folderOfProgram, dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the program, once.
var build = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(os.Getenv(folderOfProgram), "rapport")
	command := exec.Command("go", "build", "-o", path, "./cmd/rapport")
	command.Dir = "../.."
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the program does not build: %w\n%s", err, out)
	}
	return path, nil
})

// rapport returns the path of the program.
func rapport(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs are stopped by signal here")
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lockedBuffer is what a program has said so far.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// program is a server at work.
type program struct {
	*testing.T
	command *exec.Cmd
	url     string
	log     *lockedBuffer
	out     *lockedBuffer
	ended   chan struct{} // closed when it has ended
	failed  error         // how, from then on
}

// serve starts a server on a folder and returns once it is ready.
func serve(t *testing.T, data string, flags ...string) *program {
	t.Helper()
	p := begin(t, data, nil, flags...)
	p.await("ready", func() bool { return p.readiness() == "" })
	return p
}

// begin starts a server, with more in its environment, and returns once it listens.
func begin(t *testing.T, data string, env []string, flags ...string) *program {
	t.Helper()
	args := append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--public-url", "https://shop.example"}, flags...)
	p := &program{T: t, command: exec.Command(rapport(t), args...), log: new(lockedBuffer), out: new(lockedBuffer), ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), "RAPPORT_ADMIN_KEY="+adminKey, "RAPPORT_WRITE_KEY="+writeKey)
	p.command.Env = append(p.command.Env, env...)
	p.command.Stderr = p.log
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, _ := lines.ReadString('\n')
	go func() {
		io.Copy(p.out, lines)
		p.failed = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { // if the test ends early
		p.command.Process.Kill()
		<-p.ended
	})
	_, rest, found := strings.Cut(first, "listens on ")
	if !found {
		<-p.ended
		t.Fatalf("the program did not start: %s", p.log)
	}
	p.url, _, _ = strings.Cut(rest, " ")
	return p
}

// await waits until something holds, for as long as the slowest machine may need.
func (p *program) await(what string, holds func() bool) {
	p.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("it did not come to be %s\n%s", what, p.log)
		}
	}
}

// readiness returns why the program is not ready; "" if it is.
func (p *program) readiness() string {
	status, body, err := p.ask(http.MethodGet, "/readyz", "")
	switch {
	case err != nil:
		return err.Error()
	case status == http.StatusOK:
		return ""
	}
	var problem struct{ Detail string }
	_ = json.Unmarshal(body, &problem)
	return fmt.Sprintf("%d: %s", status, problem.Detail)
}

// ask calls the program with the admin's key.
func (p *program) ask(method, path, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+adminKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// must is ask for what has to succeed; the answer is read into out unless that is nil.
func (p *program) must(method, path, body string, out any) {
	p.Helper()
	status, answer, err := p.ask(method, path, body)
	if err != nil || status >= http.StatusMultipleChoices {
		p.Fatalf("%s %s: %d %v\n%s\n%s", method, path, status, err, answer, p.log)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			p.Fatal(err)
		}
	}
}

// run runs a command and returns what it said; it must end with an exit code.
func run(t *testing.T, code int, args ...string) string {
	t.Helper()
	command := exec.Command(rapport(t), args...)
	out, _ := command.CombinedOutput()
	if got := command.ProcessState.ExitCode(); got != code {
		t.Fatalf("rapport %s: exit code %d\n%s", strings.Join(args, " "), got, out)
	}
	return string(out)
}

// tell runs a command that talks to the program.
func (p *program) tell(args ...string) string {
	p.Helper()
	return run(p.T, 0, append(args, "--url", p.url, "--api-key", adminKey)...)
}

// stop tells the program to stop, and returns how long it took to end. It must end well.
func (p *program) stop() time.Duration {
	p.Helper()
	began := time.Now()
	p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.Fatalf("it did not stop\n%s", p.log)
	}
	if p.failed != nil {
		p.Fatalf("it did not stop well: %v\n%s", p.failed, p.log)
	}
	return time.Since(began)
}
