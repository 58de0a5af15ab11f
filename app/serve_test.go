package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"rapport"
	"rapport/app"
)

// TestHeadersAreBounded: nobody makes the server keep more than some kilobytes
// before it is known who asks.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, a)
	face, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	address, stopped := make(chan string, 1), make(chan error, 1)
	go func() { stopped <- a.Serve(ctx, face, func(at string) { address <- at }) }()
	at := <-address
	for size, want := range map[int]int{8 << 10: http.StatusOK, 100 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Long", strings.Repeat("x", size))
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("a header of %d bytes: %d, not %d", size, answer.StatusCode, want)
		}
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestThePublicKeyIsNotTheAdmins: one key for both would let every visitor of the
// shop read all customers.
func TestThePublicKeyIsNotTheAdmins(t *testing.T) {
	t.Parallel()
	config := app.Config{Data: t.TempDir(), AdminKey: "one", WriteKey: "one"}
	if _, err := app.Open(t.Context(), config); rapport.KindOf(err) != rapport.Invalid || err == nil {
		t.Errorf("opened with one key for both: %v", err)
	}
	config.WriteKey = "another"
	a, err := app.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, a)
}
