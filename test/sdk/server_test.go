package sdk_test

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	adminKey = "rk_live_sdk"
	writeKey = "wk_live_sdk"
)

// server is the real program on one address and one data folder.
type server struct {
	t       *testing.T
	program string
	data    string
	address string

	mu        sync.Mutex
	command   *exec.Cmd
	complaint bytes.Buffer
}

// build builds the program.
func build(t *testing.T) *server {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rapport")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/rapport")
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	s := &server{t: t, program: program, data: t.TempDir(), address: free.Addr().String()}
	t.Cleanup(s.kill)
	return s
}

// start starts the program and returns once it takes requests.
func (s *server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.launch()
}

// restart kills the program and starts it again.
func (s *server) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	s.launch()
}

// dial connects to the program. While it is being started again that waits, for a
// client that meets a closed door waits much longer before it comes back.
func (s *server) dial() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return net.Dial("tcp", s.address)
}

func (s *server) launch() {
	s.command = exec.Command(s.program, "serve", "--data", s.data, "--listen", s.address, "--log-level", "warn")
	s.command.Env = append(os.Environ(), "RAPPORT_ADMIN_KEY="+adminKey, "RAPPORT_WRITE_KEY="+writeKey, "RAPPORT_SANDBOX=false")
	s.command.Stderr = &s.complaint
	out, err := s.command.StdoutPipe()
	if err != nil {
		s.t.Error(err)
		return
	}
	if err := s.command.Start(); err != nil {
		s.t.Error(err)
		return
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, s.address) {
		s.t.Errorf("the program did not start: %q %v", line, err)
	}
}

// kill ends the program on the spot.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
}

func (s *server) end() {
	if s.command == nil {
		return
	}
	_ = s.command.Process.Kill()
	_ = s.command.Wait() // it says that it was killed
	s.command = nil
}
