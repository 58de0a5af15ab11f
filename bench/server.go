package bench

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rapport/client"
)

const (
	adminKey = "rk_bench"
	writeKey = "wk_bench"
)

// server is the program under measure, running as a process of its own.
type server struct {
	command *exec.Cmd
	url     string
	client  *client.Client
	output  *tail
	ended   chan struct{} // closed when the process has ended
	failed  error         // how it ended, from then on
	ready   time.Duration // from its start until it was ready

	database       *database // that it uses; may be nil
	databaseBefore time.Duration
}

// startServer starts the program on a free port with a data folder, and a database
// unless that is nil.
func startServer(ctx context.Context, program, data string, db *database, more ...string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	before, err := db.cpu()
	if err != nil {
		return nil, err
	}
	more = append(db.flags(), more...)
	args := append([]string{"serve", "--data", data, "--listen", address, "--log-level", "warn"}, more...)
	s := &server{command: exec.Command(program, args...), url: "http://" + address, output: &tail{}, ended: make(chan struct{}), database: db, databaseBefore: before}
	s.command.Env = append(os.Environ(), "RAPPORT_ADMIN_KEY="+adminKey, "RAPPORT_WRITE_KEY="+writeKey, "RAPPORT_DATABASE=")
	s.command.Stdout, s.command.Stderr = s.output, s.output
	s.client = client.New(s.url, adminKey)
	started := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.failed = s.command.Wait()
		close(s.ended)
	}()
	if err := s.waitReady(ctx); err != nil {
		s.kill()
		return nil, fmt.Errorf("the server did not start: %w\n%s", err, s.output)
	}
	s.ready = time.Since(started)
	return s, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// startTime is how long a server may take to be ready: with millions of customers
// it has some reading to do.
const startTime = 10 * time.Minute

func (s *server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		res, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return fmt.Errorf("it ended at once: %w", cmp.Or(s.failed, errors.New("exit code 0")))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// counted checks that the server has counted so many events, each once.
func (s *server) counted(ctx context.Context, events int) error {
	var figures []byte
	if err := s.client.Call(ctx, http.MethodGet, "/metrics", nil, &figures); err != nil {
		return fmt.Errorf("asking how many events were counted: %w", err)
	}
	for line := range strings.Lines(string(figures)) {
		said, ok := strings.CutPrefix(line, "rapport_events_total ")
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(said), 64); err != nil || int(n) != events {
			return fmt.Errorf("%d events were acknowledged, and the server has counted %s", events, strings.TrimSpace(said))
		}
		return nil
	}
	return fmt.Errorf("the server does not say how many events it has counted")
}

// usage is what a process has taken in all.
type usage struct {
	cpu      time.Duration // user and system
	database time.Duration // what its database has taken meanwhile
	memory   int64         // the most it held at once, in bytes
}

// all returns the processor time of both.
func (u usage) all() time.Duration { return u.cpu + u.database }

// stop ends the server gracefully and returns what it took from start to end.
func (s *server) stop() (usage, error) {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return usage{}, err
	}
	if <-s.ended; s.failed != nil {
		return usage{}, fmt.Errorf("the server did not stop well: %w\n%s", s.failed, s.output)
	}
	state := s.command.ProcessState
	others, err := s.others()
	return usage{cpu: state.UserTime() + state.SystemTime(), database: others, memory: mostMemory(state)}, err
}

// over reports whether the server has ended by itself. Its connections break a
// moment before.
func (s *server) over() bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// kill ends a server whose run has failed.
func (s *server) kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// tail keeps the last of what a process printed.
type tail struct{ text []byte }

// Write keeps what is written, the last few thousand bytes.
func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-8<<10):]
	return len(b), nil
}

// String returns what was kept.
func (t *tail) String() string { return string(t.text) }

// machine tells on what was measured.
func machine() string {
	model := "unknown processor"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return model
}
