package smtp

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rapport"
)

// scripted is a mail server that misbehaves as it is told. It counts what it had
// and what it took, by the recipient, and so knows the truth about a message.
type scripted struct {
	offers []string
	// act says how to answer a command: the n-th of its connection, which is the
	// c-th. Its first word is in capitals; "." is the end of a content and "text"
	// its first line.
	act func(c, n int, verb string) action

	mu          sync.Mutex
	connections int
	asked       map[string]int // it was told to send the content
	had         map[string]int // the whole content came in
	took        map[string]int // and it said so
	commands    []string
	writes      []string // what the client wrote at once
	listener    net.Listener
	open        []net.Conn
	down        bool
}

// action is how a server answers. The zero action is as a good server does.
type action struct {
	say    string // instead of the good answer
	mute   bool   // says nothing
	hangUp bool   // closes the connection, after what it says
}

func startScripted(t *testing.T, act func(c, n int, verb string) action, offers ...string) *scripted {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{offers: offers, act: act, asked: map[string]int{}, had: map[string]int{}, took: map[string]int{}, listener: listener}
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			number := s.connections
			s.open = append(s.open, conn)
			s.mu.Unlock()
			sessions.Go(func() { s.serve(conn, number) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		sessions.Wait()
	})
	return s
}

// hangUp closes every connection, as a server does with idle ones.
func (s *scripted) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		conn.Close()
	}
}

// serve holds one session.
func (s *scripted) serve(conn net.Conn, number int) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	recipient := "" // of the transaction, if it was let in
	open := false   // a transaction is under way
	goesOn := false // a content follows
	n := 0
	// answer returns false when the session is over.
	answer := func(verb, good string) bool {
		var a action
		if s.act != nil {
			a = s.act(number, n, verb)
		}
		n++
		if a.say == "" {
			a.say = good
		}
		goesOn = verb == "DATA" && strings.HasPrefix(a.say, "354")
		agreed := !a.mute && strings.HasPrefix(a.say, "250") && strings.HasSuffix(a.say, "\r\n")
		s.note(verb, recipient, goesOn, agreed)
		switch {
		case verb == "MAIL" && agreed:
			open = true
		case verb == "RCPT" && !agreed, verb == "RSET", verb == ".":
			recipient = ""
		}
		open = open && verb != "RSET" && verb != "."
		if !a.mute {
			conn.Write([]byte(a.say))
		}
		if a.hangUp {
			return false
		}
		if a.mute {
			in.WriteTo(nothing{}) // until the client gives up
			return false
		}
		return true
	}
	if !answer("hello", "220 here\r\n") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		good := "250 2.0.0 fine\r\n"
		switch verb {
		case "EHLO":
			good = "250-here\r\n"
			for _, offer := range s.offers {
				good += "250-" + offer + "\r\n"
			}
			good += "250 HELP\r\n"
		case "MAIL":
			if open {
				good = "503 5.5.1 there is one under way\r\n"
			}
		case "RCPT":
			if good = "503 5.5.1 MAIL first\r\n"; open {
				good = "250 2.1.5 fine\r\n"
				_, recipient, _ = strings.Cut(strings.TrimSuffix(line, ">"), "<")
			}
		case "DATA":
			// With nobody to send to, a server may refuse here or let an empty content follow.
			if good = "354 go on\r\n"; recipient == "" && number%2 == 1 {
				good = "503 5.5.1 no valid recipients\r\n"
			}
		case "QUIT":
			good = "221 bye\r\n"
		}
		if !answer(verb, good) || verb == "QUIT" {
			return
		}
		if verb == "DATA" && goesOn {
			if !readContent(in, func() bool { return s.act == nil || !s.act(number, n, "text").hangUp }) {
				return
			}
			if good = "250 2.0.0 taken\r\n"; recipient == "" {
				good = "554 5.5.1 no valid recipients\r\n"
			}
			if !answer(".", good) {
				return
			}
		}
	}
}

// note keeps what the server knows of a message.
func (s *scripted) note(verb, recipient string, goesOn, agreed bool) {
	if recipient == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case verb == "DATA" && goesOn:
		s.asked[recipient]++
	case verb == "." && agreed:
		s.took[recipient]++
		fallthrough
	case verb == ".":
		s.had[recipient]++
	}
}

// readContent reads to the final dot; after the first line it may give up.
func readContent(in *bufio.Reader, goOn func() bool) bool {
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			return true
		}
		if first && !goOn() {
			return false
		}
	}
}

type nothing struct{}

func (nothing) Write(b []byte) (int, error) { return len(b), nil }

// config returns how to reach the server. The client's writes are noted.
func (s *scripted) config(change ...func(*Config)) Config {
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	c := Config{Host: host, Security: NoTLS, Connections: 1, Name: "scripted", From: rapport.Sender{Address: "shop@shop.example"}}
	c.Port, _ = strconv.Atoi(port)
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		s.mu.Lock()
		down := s.down
		s.mu.Unlock()
		if down {
			address = "127.0.0.1:1" // nobody listens there
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &noting{Conn: conn, to: s}, nil
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// noting is a connection that notes what is written at once.
type noting struct {
	net.Conn
	to *scripted
}

func (n *noting) Write(b []byte) (int, error) {
	n.to.mu.Lock()
	n.to.writes = append(n.to.writes, string(b))
	n.to.mu.Unlock()
	return n.Conn.Write(b)
}

func newProvider(t *testing.T, c Config) *Provider {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

// count returns how often a recipient's message was asked for, had and taken.
func (s *scripted) count(to string) (asked, had, took int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[to], s.had[to], s.took[to]
}
