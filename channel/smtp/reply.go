package smtp

import (
	"bufio"
	"bytes"
	"errors"
)

// reply is a server's answer to one command.
type reply struct {
	code     int
	enhanced status // zero if the server gave none
	text     string // the last line's words; kept only of refusals
}

// status is an enhanced status code (RFC 3463).
type status struct{ class, subject, detail int }

func (r reply) ok() bool      { return r.code >= 200 && r.code < 300 }
func (r reply) passing() bool { return r.code >= 400 && r.code < 500 }

var errGarbled = errors.New("the mail server's answer can't be understood")

// Limits of a reply. The standard's for a line is 512; some servers write more.
const (
	maxReplyLine  = 4096
	maxReplyLines = 128
)

// readReply reads one reply of any number of lines. For each line but the code
// it calls line, if that is not nil.
func readReply(r *bufio.Reader, line func(text []byte)) (reply, error) {
	var rep reply
	for range maxReplyLines {
		raw, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return reply{}, errGarbled
		}
		if err != nil {
			return reply{}, err
		}
		code, text, last, ok := cutReplyLine(bytes.TrimRight(raw, "\r\n"))
		if !ok || rep.code != 0 && code != rep.code {
			return reply{}, errGarbled
		}
		rep.code = code
		if line != nil {
			line(text)
		}
		if last {
			rep.finish(text)
			return rep, nil
		}
	}
	return reply{}, errGarbled
}

// finish reads the enhanced status off the last line.
func (r *reply) finish(text []byte) {
	if r.code < 400 {
		return
	}
	status, words, ok := cutStatus(text)
	if ok {
		r.enhanced, text = status, words
	}
	r.text = string(text)
}

// cutReplyLine splits "250-text" or "250 text".
func cutReplyLine(line []byte) (code int, text []byte, last, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, nil, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, nil, false, false
		}
		code = code*10 + int(c-'0')
	}
	if len(line) == 3 {
		return code, nil, true, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, nil, false, false
	}
	return code, line[4:], line[3] == ' ', true
}

// cutStatus splits "5.1.1 text".
func cutStatus(text []byte) (s status, rest []byte, ok bool) {
	head, rest, _ := bytes.Cut(text, []byte(" "))
	parts := bytes.Split(head, []byte("."))
	if len(parts) != 3 {
		return status{}, text, false
	}
	for i, field := range []*int{&s.class, &s.subject, &s.detail} {
		if *field, ok = smallNumber(parts[i]); !ok {
			return status{}, text, false
		}
	}
	if s.class != 2 && s.class != 4 && s.class != 5 {
		return status{}, text, false
	}
	return s, rest, true
}

// smallNumber reads one to three digits.
func smallNumber(b []byte) (n int, ok bool) {
	if len(b) < 1 || len(b) > 3 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
