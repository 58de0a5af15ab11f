package kill_test

import (
	"bytes"
	"io"
	"log"
	"math/rand/v2"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that outlives the program. It is as unreliable as it is
// told to be, and remembers every mail that reached it whole.
type sink struct {
	port int

	mu     sync.Mutex
	server *smtp.Server
	random *rand.Rand
	bad    float64       // how often it does something else than to accept
	pause  time.Duration // that each mail takes it
	mails  []mail
}

// newSink starts a mail server. Its port lies where no outgoing connection takes
// it while the server is down.
func newSink(t *testing.T, seed uint64, bad float64) *sink {
	t.Helper()
	s := &sink{random: rand.New(rand.NewPCG(seed, 7)), bad: bad}
	for range 100 {
		s.port = 20_000 + s.random.IntN(10_000) + int(time.Now().UnixNano()%2_000)
		if s.open() == nil {
			t.Cleanup(s.close)
			return s
		}
	}
	t.Fatal("no port is free for the mail server")
	return nil
}

// open makes it listen.
func (s *sink) open() error {
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(s.port))
	if err != nil {
		return err
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{sink: s, conn: c}, nil }))
	server.Domain = "localhost"
	server.ErrorLog = log.New(io.Discard, "", 0)
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go server.Serve(listener)
	return nil
}

// close makes it refuse connections.
func (s *sink) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.Close()
}

// received returns the mails that came so far.
func (s *sink) received() []mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mail(nil), s.mails...)
}

// count returns how many mails came so far.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mails)
}

// take notes a mail and decides what becomes of it.
func (s *sink) take(m mail) (v verdict, slow time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.at, slow = now(), s.pause
	if s.random.Float64() < s.bad {
		m.verdict = 1 + verdict(s.random.IntN(3))
	}
	if s.bad > 0 && s.random.IntN(4) == 0 {
		slow = time.Duration(s.random.IntN(40)) * time.Millisecond
	}
	s.mails = append(s.mails, m)
	return m.verdict, slow
}

// session is one connection's.
type session struct {
	sink *sink
	conn *smtp.Conn
	to   string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

// Rcpt notes whom the next mail is for.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data takes one mail. What does not arrive whole is nothing.
func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return err
	}
	id, _, _ := strings.Cut(strings.Trim(parsed.Header.Get("Message-ID"), "<>"), "@")
	v, slow := s.sink.take(mail{id: id, subject: parsed.Header.Get("Subject"), to: s.to})
	time.Sleep(slow)
	switch v {
	case putOff:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later, please"}
	case takenAndCut, notTakenAndCut:
		s.conn.Conn().Close()
	}
	return nil
}

// now is the machine's clock as the program tells time.
func now() int64 { return time.Now().UnixMilli() }
