package operate_test

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// stopWithin is how long a stop may take that is asked for, whatever is under way.
const stopWithin = 10 * time.Second

// Told to stop while shoppers order and the mail server answers nothing, the program ends
// well within ten seconds, loses nothing, and sends again what was in the air.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	data, s := t.TempDir(), newSink(t)
	p := serve(t, data)
	p.apply(s)
	l := shop(p, 6)
	p.await("busy", func() bool { return l.count() > 100 && len(s.received()) > 0 })
	late := s.hang()
	handed := s.handed()
	p.await("waiting for the mail server", func() bool { return s.handed() > handed })
	if took := p.stop(); took > stopWithin {
		t.Errorf("it took %v to stop\n%s", took, p.log)
	}
	close(late)
	s.mu.Lock()
	s.hangs = nil
	s.mu.Unlock()
	p = serve(t, data)
	l.url.Store(&p.url)
	n := l.count()
	p.await("busy again", func() bool { return l.count() > n })
	l.stop()
	acked := l.acknowledged()
	l.judge(p, acked)
	p.await("done with its mails", func() bool {
		got := s.received()
		for _, orders := range acked {
			for _, order := range orders {
				if got[order] == 0 {
					return false
				}
			}
		}
		return true
	})
	p.stop()
}

// Told a second time, it ends on the spot.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	data, s := t.TempDir(), newSink(t)
	p := serve(t, data)
	p.apply(s)
	late := s.hang()
	l := shop(p, 2)
	p.await("waiting for the mail server", func() bool { return s.handed() > 0 })
	l.stop()
	acked := l.acknowledged()
	p.command.Process.Signal(syscall.SIGTERM)
	p.await("told", func() bool { return p.readiness() != "" })
	p.command.Process.Signal(syscall.SIGTERM)
	<-p.ended
	close(late)
	if exit, ok := p.failed.(*exec.ExitError); !ok || exit.String() != "signal: terminated" {
		t.Errorf("it ended with %v", p.failed)
	}
	p = serve(t, data)
	l.url.Store(&p.url)
	l.judge(p, acked)
	p.stop()
}
