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
			if err := os.WriteFile(filepath.Join(folder, strings.TrimSpace(box[2])), []byte(box[3]), 0o600); err != nil {
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
