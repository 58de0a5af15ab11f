package bench

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"sync"
	"time"
)

// sink is a mail server that takes every mail and forgets it. It notes how many came,
// and when those came whose subject says so.
type sink struct {
	listener net.Listener
	port     int

	mu    sync.Mutex
	mails int
	bytes int64
	noted map[string]time.Time // by the word behind notedSubject
}

// notedSubject begins the subjects of mails whose arrival is noted.
const notedSubject = "Order "

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, port: l.Addr().(*net.TCPAddr).Port, noted: map[string]time.Time{}}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s, nil
}

func (s *sink) close() { _ = s.listener.Close() }

// received returns how many mails came so far, and how large they were together.
func (s *sink) received() (mails int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails, s.bytes
}

// serve holds one session. What it is asked is taken for right.
func (s *sink) serve(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	say := func(text string) { _, _ = out.WriteString(text + "\r\n") }
	say("220 sink")
	for {
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(string(line[:min(4, len(line))])); verb {
		case "EHLO":
			say("250-sink\r\n250-PIPELINING\r\n250 8BITMIME")
		case "DATA":
			say("354 go on")
			if out.Flush() != nil || !s.take(in) {
				return
			}
			say("250 2.0.0 taken")
		case "QUIT":
			say("221 bye")
			_ = out.Flush()
			return
		default:
			say("250 2.0.0 fine")
		}
	}
}

// take reads one mail to its end.
func (s *sink) take(in *bufio.Reader) bool {
	size, order := 0, ""
	for head := true; ; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return false
		}
		size += len(line)
		if rest, ok := bytes.CutPrefix(line, []byte("Subject: "+notedSubject)); ok && head {
			order = string(bytes.TrimSpace(rest))
		}
		head = head && len(bytes.TrimSpace(line)) > 0
		if string(line) == ".\r\n" {
			break
		}
	}
	s.note(size, order)
	return true
}

func (s *sink) note(size int, order string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails++
	s.bytes += int64(size)
	if order != "" {
		s.noted[order] = time.Now()
	}
}
