package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/app"
	"rapport/client"
)

// messageIDs hold the name of the import, which changes with every word of the page.
var messageIDs = regexp.MustCompile(`import-[0-9a-f]{16}-`)

// Every command of the page on imports tells what the page says it tells, against
// a server.
func TestImportDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--url", "http://" + sandboxFor(t), "--api-key", "rk_test_docs"}
	folder, ran := t.TempDir(), 0
	for _, box := range regexp.MustCompile("(?s)```(\\S+)([^\n]*)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		switch box[1] {
		case "file":
			name := filepath.Join(folder, strings.TrimSpace(box[2]))
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(box[3]), 0o600)); err != nil {
				t.Fatal(err)
			}
		case "console":
			for _, step := range strings.Split("\n"+box[3], "\n$ rapport ")[1:] {
				command, want, _ := strings.Cut(step, "\n")
				if strings.Contains(command, "FILE") {
					continue // how to write it, not what to run
				}
				ran++
				want = strings.TrimSpace(want)
				if diff := cmp.Diff(want, told(t, folder, command, flags)); diff != "" {
					t.Errorf("rapport %s (-page +told)\n%s", command, diff)
				}
			}
		}
	}
	if ran < 5 {
		t.Errorf("only %d commands were found", ran)
	}
}

// told runs a command and returns all it tells, with the folder's name left away.
func told(t *testing.T, folder, command string, flags []string) string {
	t.Helper()
	args := strings.Fields(command)
	for i, arg := range args {
		if _, err := os.Stat(filepath.Join(folder, arg)); err == nil {
			args[i] = filepath.Join(folder, arg)
		}
	}
	var out, complaints bytes.Buffer
	if code := run(t.Context(), append(args, flags...), nil, &out, &complaints); code != 0 {
		t.Errorf("rapport %s: exit code %d", command, code)
	}
	text := strings.ReplaceAll(complaints.String()+out.String(), folder+string(filepath.Separator), "")
	return strings.TrimSpace(messageIDs.ReplaceAllString(text, "import-…-"))
}

// sandboxFor starts a sandbox and returns its address.
func sandboxFor(t *testing.T) string {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Sandbox: true, AdminKey: "rk_test_docs"})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, handler, func(at string) { address <- at }) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			t.Error(err)
		}
	})
	select {
	case at := <-address:
		return at
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return ""
}

// The exit code is 2 for a wrong command, and 1 for a file that can't be taken in.
func TestImportExitCodes(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][]string{
		2: {"import", "products"},
		1: {"import", "events", filepath.Join(t.TempDir(), "none.csv"), "--dry-run"},
	} {
		var out, complaints bytes.Buffer
		if got := run(t.Context(), args, nil, &out, &complaints); got != want || complaints.Len() == 0 {
			t.Errorf("%v: exit code %d, want %d: %s", args, got, want, &complaints)
		}
	}
}

// A shop that comes over from Shopify has her customers, what they agreed to, orders
// and refunds in one profile each; importing it all again changes nothing.
func TestShopComesOver(t *testing.T) {
	t.Parallel()
	at := "http://" + sandboxFor(t)
	c := client.New(at, "rk_test_docs")
	known := func() string {
		var all strings.Builder
		for _, path := range []string{"", "/consents", "/timeline"} {
			var answer []byte
			if err := c.Call(t.Context(), "GET", "/v1/customers/mei.tan@example.com"+path, nil, &answer); err != nil {
				t.Fatal(err)
			}
			all.Write(answer)
		}
		return all.String()
	}
	var first string
	for range 2 {
		for _, args := range [][]string{
			{"customers", "shopify-customers.csv", "--mapping", "shopify-customers.yaml", "--as-of", "2026-10-10T00:00:00Z"},
			{"events", "shopify-orders.csv", "--mapping", "shopify-orders.yaml"},
			{"events", "shopify-orders.csv", "--mapping", "shopify-refunds.yaml"},
		} {
			args[1], args[3] = "../../client/mapping/testdata/exports/"+args[1], "../../mappings/"+args[3]
			var out, complaints bytes.Buffer
			if code := run(t.Context(), append([]string{"import"}, append(args, "--url", at, "--api-key", "rk_test_docs")...), nil, &out, &complaints); code != 0 {
				t.Fatalf("%v: %s", args, &complaints)
			}
		}
		if first == "" {
			first = known()
		}
	}
	if diff := cmp.Diff(first, known()); diff != "" {
		t.Errorf("the second run changed something (-before +after)\n%s", diff)
	}
	for text, times := range map[string]int{`"Order Completed"`: 2, `"Order Refunded"`: 1, `"source":"import"`: 2, `"channel":"sms"`: 1, `"+6580000001"`: 1} {
		if n := strings.Count(strings.ReplaceAll(first, " ", ""), strings.ReplaceAll(text, " ", "")); n < times {
			t.Errorf("%s stands %d times in what is known, not %d:\n%s", text, n, times, first)
		}
	}
}

// Exports of a shop that overlap, days apart and made at another time, tell of each order
// once; what is new in the later one comes with it.
func TestExportsMayOverlap(t *testing.T) {
	t.Parallel()
	for _, shop := range []struct{ orders, refunds, file, id, at string }{
		{"shopify-orders", "shopify-refunds", "shopify-orders.csv", "#1004", "mei.tan@example.com"},
		{"woocommerce-orders", "woocommerce-refunds", "woocommerce-orders.csv", "734", "lena@example.com"},
	} {
		t.Run(shop.orders, func(t *testing.T) {
			t.Parallel()
			server := "http://" + sandboxFor(t)
			text, err := os.ReadFile("../../client/mapping/testdata/exports/" + shop.file)
			if err != nil {
				t.Fatal(err)
			}
			later := filepath.Join(t.TempDir(), "later.csv") // a line that is bad in both makes it another file
			if err := os.WriteFile(later, append(text, "damaged\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
			earlier := filepath.Join(t.TempDir(), "earlier.csv") // without the last order
			before, _, found := bytes.Cut(text, []byte("\n"+shop.id+","))
			if err := os.WriteFile(earlier, append(before, '\n'), 0o600); err != nil || !found {
				t.Fatal(err)
			}
			told := ""
			for _, file := range []string{earlier, later} {
				for _, mapping := range []string{shop.orders, shop.refunds} {
					var out, complaints bytes.Buffer
					args := []string{"import", "events", file, "--mapping", "../../mappings/" + mapping + ".yaml", "--url", server, "--api-key", "rk_test_docs"}
					if code := run(t.Context(), args, nil, &out, &complaints); code != 0 {
						t.Fatal(&complaints)
					}
					told += out.String()
				}
				var moved []byte
				if err := client.New(server, "rk_test_docs").Call(t.Context(), "POST", "/v1/clock", map[string]string{"advance": "72h"}, &moved); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(told, "told by another file before") {
				t.Errorf("the report does not tell what was there:\n%s", told)
			}
			var answer []byte
			if err := client.New(server, "rk_test_docs").Call(t.Context(), "GET", "/v1/customers/"+shop.at+"/timeline", nil, &answer); err != nil {
				t.Fatal(err)
			}
			line := strings.ReplaceAll(string(answer), " ", "")
			if orders, refunds := strings.Count(line, `"OrderCompleted"`), strings.Count(line, `"OrderRefunded"`); orders != 2 || refunds != 1 {
				t.Errorf("%d orders and %d refunds, not 2 and 1:\n%s", orders, refunds, answer)
			}
		})
	}
}
