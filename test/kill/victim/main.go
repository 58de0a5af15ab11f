// Command victim is the program as rapport serve runs it, but for one thing: it can
// be halted inside a commit. It is there to be killed by tests.
//
// It has two pipes. When a line comes in on the first, the next commit stops after
// its rows are written and before they are committed, tells so on the second, and
// never goes on.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"rapport/app"
)

// The pipes, as numbered by whoever starts the victim.
const (
	orders  = 3
	reports = 4
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: victim DATA ADDRESS")
		os.Exit(2)
	}
	if err := serve(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, data, address string) error {
	a, err := app.Open(ctx, app.Config{
		Data: data, Database: os.Getenv("RAPPORT_DATABASE"), Listen: address, URL: "https://shop.example", InCommit: trap(),
		AdminKey: os.Getenv("RAPPORT_ADMIN_KEY"), WriteKey: os.Getenv("RAPPORT_WRITE_KEY"),
	})
	if err != nil {
		return err
	}
	handler, err := a.Handler(http.NotFoundHandler())
	if err != nil {
		return err
	}
	return a.Serve(ctx, handler, func(address string) { fmt.Printf("victim listens on http://%s\n", address) })
}

// trap returns what is called in each commit.
func trap() func() {
	var armed atomic.Bool
	go func() {
		if bufio.NewScanner(os.NewFile(orders, "orders")).Scan() {
			armed.Store(true)
		}
	}()
	report := os.NewFile(reports, "reports")
	return func() {
		if armed.Load() {
			fmt.Fprintln(report, "inside")
			select {}
		}
	}
}
