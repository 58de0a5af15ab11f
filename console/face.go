package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"rapport"
)

// call asks the program's HTTP face, within the program, and reads the answer.
func (c *Console) call(ctx context.Context, method, path string, body, out any) error {
	told, err := c.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(told, out)
}

// ask returns what the face answers. What is to be done is asked for with the key of who
// has signed in, so that it is recorded as hers.
func (c *Console) ask(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(sent))
	if err != nil {
		return nil, rapport.Errorf(rapport.Invalid, "This is no address: %w.", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	if by, ok := ctx.Value(signed{}).(signature); ok && method != http.MethodGet {
		r.Header.Set("Authorization", "Bearer "+by.key)
		r.Header.Set("Rapport-Author", by.name)
	}
	r.Header.Set("Content-Type", "application/json")
	w := &answer{header: http.Header{}, status: http.StatusOK}
	c.Face.ServeHTTP(w, r)
	if w.status >= 300 {
		return nil, refused(w)
	}
	return w.body.Bytes(), nil
}

func (c *Console) get(ctx context.Context, path string, out any) error {
	return c.call(ctx, http.MethodGet, path, nil, out)
}

// answer takes down what the face answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the headers of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// refusal is an answer that is not a success.
type refusal struct {
	Status int
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Error returns what the face says is wrong.
func (r *refusal) Error() string { return strings.TrimSpace(r.Detail) }

func refused(a *answer) error {
	r := &refusal{}
	if json.Unmarshal(a.body.Bytes(), r) != nil || r.Detail == "" {
		r.Detail = "The server could not answer that."
	}
	r.Status = a.status
	return r
}
