package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"rapport/client"
)

type health struct {
	URL   string `help:"The server's address." default:"http://127.0.0.1:8080" env:"RAPPORT_URL"`
	Ready bool   `help:"Ask whether it takes events in, not only whether it answers."`
}

// Help says more.
func (h *health) Help() string {
	return "It ends with exit code 0 if so and 1 if not, within five seconds: for containers, which have no other program to ask with."
}

// Run asks.
func (h *health) Run(ctx context.Context, std *streams) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	path := "/healthz"
	if h.Ready {
		path = "/readyz"
	}
	var answer struct{ Status string }
	if err := client.New(h.URL, "").Call(ctx, http.MethodGet, path, nil, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.out, answer.Status)
	return err
}
