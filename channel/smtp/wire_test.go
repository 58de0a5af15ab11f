package smtp

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
)

// With PIPELINING a message costs one flight: its content goes with the next
// one's envelope.
func TestPipelining(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(_, n int, verb string) action {
		if verb == "RCPT" && n == 7 { // the second message's
			return action{say: "550 5.1.1 unknown\r\n"}
		}
		return action{}
	}, "PIPELINING", "SIZE")
	p := newProvider(t, s.config(func(c *Config) { c.Hello = "us.example" }))
	p.Deliver(t.Context(), batchOf(4))
	want := []string{
		"EHLO us.example|",
		"MAIL RCPT DATA|",
		"content . MAIL RCPT DATA|",
		"RSET MAIL RCPT DATA|",
		"content . MAIL RCPT DATA|",
		"content .|",
	}
	if diff := cmp.Diff(want, s.flights()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// Without it, one command at a time.
func TestOneCommandAtATime(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(_, n int, verb string) action {
		if verb == "RCPT" && n == 7 {
			return action{say: "550 5.1.1 unknown\r\n"}
		}
		return action{}
	})
	p := newProvider(t, s.config(func(c *Config) { c.Hello = "us.example" }))
	p.Deliver(t.Context(), batchOf(3))
	want := strings.Fields("EHLO us.example| MAIL| RCPT| DATA| content .| MAIL| RCPT| RSET| MAIL| RCPT| DATA| content .|")
	got := strings.Fields(strings.Join(s.flights(), " "))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// flights returns what was written at once, a word for each command and content.
func (s *scripted) flights() (flights []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.writes {
		var words []string
		for line := range strings.SplitSeq(strings.TrimSuffix(w, "\r\n"), "\r\n") {
			verb, _, _ := strings.Cut(line, " ")
			switch verb {
			case "MAIL", "RCPT", "DATA", "RSET", ".":
				words = append(words, verb)
			case "EHLO", "QUIT":
				words = append(words, line)
			default:
				if n := len(words); n == 0 || words[n-1] != "content" {
					words = append(words, "content")
				}
			}
		}
		flights = append(flights, strings.Join(words, " ")+"|")
	}
	return flights
}

// What somebody writes into the clear part of a connection before it is
// encrypted is not taken for the server's word.
func TestStartTLSInjection(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(_, _ int, verb string) action {
		if verb == "STARTTLS" {
			return action{say: "220 go on\r\n250 2.0.0 injected\r\n"}
		}
		return action{}
	}, "STARTTLS")
	p := newProvider(t, s.config(func(c *Config) { c.Security = StartTLS }))
	if o := p.Deliver(t.Context(), batchOf(1))[0]; o.Kind != rapport.Retry || !strings.Contains(o.Reason, "can't be understood") {
		t.Errorf("%+v", o)
	}
}

// Idle connections are checked before they are used when they are old enough,
// and closed after their time.
func TestIdle(t *testing.T) {
	t.Parallel()
	s := startScripted(t, nil, "PIPELINING")
	p := newProvider(t, s.config())
	p.Deliver(t.Context(), batchOf(1))
	p.mu.Lock()
	p.idle[0].usedAt = p.idle[0].usedAt.Add(-2 * checkAfter)
	p.mu.Unlock()
	if got := letters(p.Deliver(t.Context(), batchOf(2)[1:])); got != "A" {
		t.Error(got)
	}
	s.mu.Lock()
	if s.connections != 1 || !strings.Contains(strings.Join(s.commands, " "), "NOOP") {
		t.Errorf("%d connections, %q", s.connections, s.commands)
	}
	s.mu.Unlock()
	p.expire(p.idle[0])
	if len(p.idle) != 0 {
		t.Error("still there")
	}
	if got := letters(p.Deliver(t.Context(), batchOf(3)[2:])); got != "A" || s.connections != 2 {
		t.Errorf("%s, %d connections", got, s.connections)
	}
}

func TestReadReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want reply
		err  error
	}{
		{"250 fine\r\n", reply{code: 250}, nil},
		{"250\r\n", reply{code: 250}, nil},
		{"250 fine\n", reply{code: 250}, nil},
		{"250-a\r\n250-b\r\n250 c\r\n", reply{code: 250}, nil},
		{"550 5.1.1 no such user\r\n", reply{550, status{5, 1, 1}, "no such user"}, nil},
		{"550-5.1.1 no\r\n550 5.1.1 such user\r\n", reply{550, status{5, 1, 1}, "such user"}, nil},
		{"550 5.1.1\r\n", reply{550, status{5, 1, 1}, ""}, nil},
		{"550 5.1 no\r\n", reply{550, status{}, "5.1 no"}, nil},
		{"550 5.1.1234 no\r\n", reply{550, status{}, "5.1.1234 no"}, nil},
		{"550 9.1.1 no\r\n", reply{550, status{}, "9.1.1 no"}, nil},
		{"550 5..1 no\r\n", reply{550, status{}, "5..1 no"}, nil},
		{"250-a\r\n251 b\r\n", reply{}, errGarbled},
		{"25 a\r\n", reply{}, errGarbled},
		{"150 a\r\n", reply{}, errGarbled},
		{"650 a\r\n", reply{}, errGarbled},
		{"250_a\r\n", reply{}, errGarbled},
		{"\r\n", reply{}, errGarbled},
		{"", reply{}, io.EOF},
		{"250 a", reply{}, io.EOF},
		{"250-a\r\n", reply{}, io.EOF},
	} {
		got, err := readReply(bufio.NewReaderSize(strings.NewReader(c.in), maxReplyLine), nil)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q: %+v, %v, want %+v, %v", c.in, got, err, c.want, c.err)
		}
	}
}

// The reader of replies takes anything without harm, and reads no further than
// the reply.
func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"250 fine\r\n", "250-a\r\n250 b\r\nrest", "550 5.1.1 x\r\n", "550-5.1.1 x\n550 y\n", "\x00", "250-" + strings.Repeat("x", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := bufio.NewReaderSize(strings.NewReader(s), maxReplyLine)
		lines := 0
		r, err := readReply(in, func([]byte) { lines++ })
		if err != nil {
			if r != (reply{}) {
				t.Errorf("%q: %+v and %v", s, r, err)
			}
			return
		}
		rest, _ := io.ReadAll(in)
		read, ok := strings.CutSuffix(s, string(rest))
		if !ok || !strings.HasSuffix(read, "\n") || strings.Count(read, "\n") != lines || r.code < 200 || r.code > 599 {
			t.Errorf("%q: %+v in %d lines, then %q", s, r, lines, rest)
		}
		reason := said(r, "jane@mail.example")
		if len(reason) > maxReason+60 || strings.ContainsAny(reason, "\r\n\x00@") || strings.Contains(strings.ToLower(reason), "jane") {
			t.Errorf("%q became the reason %q", s, reason)
		}
	})
}
