package operate_test

import (
	"errors"
	"io"
	"log"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that notes for which orders mails came.
type sink struct {
	port int

	mu     sync.Mutex
	orders map[string]int // mails that came for each
	begun  int            // mails whose text came whole, answered or not
	hangs  chan struct{}  // if set, mails are answered once it is closed
	refuse error          // if set, what recipients are answered with
}

func newSink(t *testing.T) *sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{port: listener.Addr().(*net.TCPAddr).Port, orders: map[string]int{}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return s
}

// received returns how many mails came so far for each order.
func (s *sink) received() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]int{}
	for order, n := range s.orders {
		all[order] = n
	}
	return all
}

// handed returns how many mails came whole so far, answered or not.
func (s *sink) handed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// hang lets mails go unanswered until the channel that it returns is closed.
func (s *sink) hang() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = make(chan struct{})
	return s.hangs
}

// refuseWith answers every recipient with an error; nil takes them again.
func (s *sink) refuseWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

type session struct{ sink *sink }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	return s.sink.refuse
}

func (s *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, m.Body); err != nil {
		return err
	}
	order, _ := strings.CutPrefix(m.Header.Get("Subject"), "order ")
	s.sink.mu.Lock()
	s.sink.begun++
	hangs := s.sink.hangs
	s.sink.mu.Unlock()
	if hangs != nil {
		<-hangs
		return errors.New("too late")
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.orders[order]++
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
