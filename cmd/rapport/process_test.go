package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
)

// process is a rapport that runs on its own.
type process struct {
	command *exec.Cmd
	url     string
	out     bytes.Buffer // whole once it has stopped
	err     bytes.Buffer
	reading sync.WaitGroup
	stop    sync.Once
}

var listening = regexp.MustCompile(` on (http://\S+)`)

// startServer starts rapport serve in a folder and returns once it is ready. Flags
// may replace the ones it has.
func startServer(dir string, env, flags []string) (*process, error) {
	p := &process{command: exec.Command("rapport", append([]string{"serve"}, flags...)...)}
	p.command.Dir = dir
	p.command.Env = append(append(cleanEnv(),
		"RAPPORT_LISTEN=127.0.0.1:0", "RAPPORT_DATA=data", "RAPPORT_ADMIN_KEY="+adminKey, "RAPPORT_WRITE_KEY="+writeKey), env...)
	p.command.Stderr = &p.err
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	p.out.WriteString(line)
	p.reading.Go(func() { _, _ = io.Copy(&p.out, lines) })
	if at := listening.FindStringSubmatch(line); err == nil && at != nil {
		p.url = at[1]
		return p, p.ready()
	}
	p.crash()
	return nil, fmt.Errorf("it did not start: %s", &p.err)
}

// ready reports whether it takes requests, which it must by now.
func (p *process) ready() error {
	res, err := http.Get(p.url + "/readyz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return nil
}

// halt tells it to stop and waits until it has.
func (p *process) halt() error { return p.end(syscall.SIGTERM) }

// crash ends it on the spot, if it still runs.
func (p *process) crash() { _ = p.end(os.Kill) }

func (p *process) end(signal os.Signal) (err error) {
	p.stop.Do(func() {
		_ = p.command.Process.Signal(signal)
		p.reading.Wait()
		err = p.command.Wait()
	})
	return err
}
