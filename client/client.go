// Package client calls a running server over its HTTP face, as anybody else
// would: for the commands that apply documents, import files and move clocks.
//
// What it guarantees: a refusal comes back as a [rapport.Error] of the right kind
// with the server's own words, and a request that may be repeated is repeated when
// the server asks for it. What it does not do: it keeps nothing and guesses no
// address or key.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rapport"
)

// Client calls one server.
type Client struct {
	URL string // such as http://127.0.0.1:8080
	Key string // an API key
	// Author is who changes documents, as the server is told. Optional.
	Author string
	HTTP   *http.Client
}

// New returns a client. Key may be empty for what is public.
func New(url, key string) *Client {
	return &Client{URL: strings.TrimRight(url, "/"), Key: key, HTTP: &http.Client{Timeout: 5 * time.Minute}}
}

// Problem is what is wrong with a document, as the server tells it.
type Problem struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Path       string `json:"path"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion"`
}

// String returns file:line:column: path: message.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		b.WriteString("; " + p.Suggestion)
	}
	return b.String()
}

// refusal is an RFC 9457 problem.
type refusal struct {
	Title  string    `json:"title"`
	Detail string    `json:"detail"`
	Errors []Problem `json:"errors"`
}

// Call sends a request and reads the answer into out, which may be nil, a
// *[]byte for the answer as it is, or anything that JSON is read into. Body may
// be nil, a []byte sent as it is, or anything that is sent as JSON.
func (c *Client) Call(ctx context.Context, method, path string, body, out any) error {
	if !strings.HasPrefix(c.URL, "http://") && !strings.HasPrefix(c.URL, "https://") {
		return rapport.Errorf(rapport.Invalid, "%q is no server's address: write it whole, such as http://127.0.0.1:8080", c.URL)
	}
	kind, sent, err := encode(body)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		answer, status, header, err := c.send(ctx, method, path, kind, sent)
		if err != nil {
			return &rapport.Error{Kind: rapport.Unavailable, Message: "there is no server at " + c.URL + ": start one with rapport serve, or name it with --url or RAPPORT_URL", Err: err}
		}
		wait, again := retryAfter(status, header)
		if again && try < 60 {
			if err := Sleep(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if status == http.StatusUnauthorized && c.Key == "" {
			return rapport.Errorf(rapport.Unauthorised, "this needs an API key: set RAPPORT_API_KEY to the one that the server was started with or has shown")
		}
		if status >= 300 {
			return refused(status, answer)
		}
		return decode(answer, out)
	}
}

func encode(body any) (contentType string, data []byte, err error) {
	switch b := body.(type) {
	case nil:
		return "", nil, nil
	case []byte:
		return "application/yaml", b, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // templates would be half as large again
	err = e.Encode(body)
	return "application/json", b.Bytes(), err
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body []byte) ([]byte, int, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	}
	if c.Author != "" {
		req.Header.Set("Rapport-Author", c.Author)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 256<<20))
	return answer, res.StatusCode, res.Header, err
}

// retryAfter returns how long the server wants to be left alone, if it asks for
// the same request again.
func retryAfter(status int, header http.Header) (time.Duration, bool) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0, false
	}
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

// Sleep waits for so long, or until ctx ends, whose error it then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func decode(answer []byte, out any) error {
	switch o := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*o = answer
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Refused is a request that the server refused, with what is wrong in detail.
type Refused struct {
	Cause    *rapport.Error
	Status   int
	Problems []Problem
}

// Error returns the server's words, and each problem that is not among them on a
// line of its own.
func (r *Refused) Error() string {
	var b strings.Builder
	message := r.Cause.Message
	if len(r.Problems) > 0 {
		message, _, _ = strings.Cut(message, " The first: ") // it comes with the rest
	}
	b.WriteString(message)
	for _, p := range r.Problems {
		if !strings.Contains(message, p.Message) {
			b.WriteString("\n" + p.String())
		}
	}
	return b.String()
}

// Unwrap returns the error with its kind.
func (r *Refused) Unwrap() error { return r.Cause }

func refused(status int, answer []byte) error {
	var p refusal
	if err := json.Unmarshal(answer, &p); err != nil || p.Title == "" && p.Detail == "" {
		p.Detail = fmt.Sprintf("the server answered with status %d", status)
	}
	message := p.Detail
	if message == "" {
		message = p.Title
	}
	return &Refused{Cause: &rapport.Error{Kind: kindOf(status), Message: message}, Status: status, Problems: p.Errors}
}

func kindOf(status int) rapport.ErrorKind {
	switch status {
	case http.StatusUnauthorized:
		return rapport.Unauthorised
	case http.StatusForbidden:
		return rapport.Forbidden
	case http.StatusNotFound:
		return rapport.NotFound
	case http.StatusConflict:
		return rapport.Conflict
	case http.StatusRequestEntityTooLarge:
		return rapport.TooLarge
	case http.StatusTooManyRequests:
		return rapport.Exhausted
	case http.StatusServiceUnavailable:
		return rapport.Unavailable
	}
	if status >= 500 {
		return rapport.Internal
	}
	return rapport.Invalid
}
