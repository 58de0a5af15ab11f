package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rapport": main})
}

// TestScripts runs the files in testdata/script: what a person types and reads.
// Besides testscript's own commands there are
//
//	serve [-as NAME] [-live] [NAME=VALUE...] [FLAG...]
//	    starts rapport serve in a sandbox, unless -live, on a free port, with the data
//	    folder "data", the admin key rk_test_try and the write key wk_test_try, waits
//	    until it is ready and sets RAPPORT_URL
//	halt [NAME]
//	    tells it to stop, which it must with exit code 0; stdout and stderr are then its own
//	crash [NAME]
//	    ends it on the spot
//	http [-key KEY] METHOD PATH [FILE]
//	    makes a request with the admin key, or as the sender of events with wk_test_try;
//	    stdout is the status and the body
//	keyed FILE
//	    lets the commands use the key in a file
//	exits CODE COMMAND [ARGUMENT...]
//	    runs a command that must end with just this exit code
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Values[serversKey{}] = servers{}
			e.Setenv("RAPPORT_ADMIN_KEY", adminKey) // which the commands take for want of RAPPORT_API_KEY
			e.Setenv("RAPPORT_AUTHOR", "Ann")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveCommand, "halt": haltCommand, "crash": crashCommand, "http": httpCommand, "keyed": keyedCommand, "exits": exitsCommand,
		},
	})
}

const (
	adminKey = "rk_test_try"
	writeKey = "wk_test_try"
)

// servers are the running ones of a script, by name.
type (
	servers    map[string]*process
	serversKey struct{}
)

func serversOf(ts *testscript.TestScript) servers { return ts.Value(serversKey{}).(servers) }

func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	name, flags, env := "server", []string{"--sandbox"}, []string{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch key, _, pair := strings.Cut(arg, "="); {
		case arg == "-as" && len(args) > 0:
			name, args = args[0], args[1:]
		case arg == "-live":
			flags = slices.DeleteFunc(flags, func(f string) bool { return f == "--sandbox" })
		case pair && strings.ToUpper(key) == key && !strings.HasPrefix(key, "-"):
			env = append(env, arg)
		default:
			flags = append(flags, arg)
		}
	}
	s, err := startServer(ts.MkAbs("."), env, flags)
	if neg || err != nil {
		ts.Fatalf("serve: %v", err)
	}
	ts.Defer(s.crash)
	serversOf(ts)[name] = s
	ts.Setenv("RAPPORT_URL", s.url)
}

// chosen returns the server that a command is about.
func chosen(ts *testscript.TestScript, neg bool, args []string) *process {
	s := serversOf(ts)[strings.Join(append(args, "server")[:1], "")]
	if s == nil || neg || len(args) > 1 {
		ts.Fatalf("there is no such server")
	}
	return s
}

func haltCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := chosen(ts, neg, args)
	err := s.halt()
	_, _ = ts.Stdout().Write(s.out.Bytes())
	_, _ = ts.Stderr().Write(s.err.Bytes())
	if err != nil {
		ts.Fatalf("the server did not stop well: %v\n%s", err, &s.err)
	}
}

func crashCommand(ts *testscript.TestScript, neg bool, args []string) { chosen(ts, neg, args).crash() }

func httpCommand(ts *testscript.TestScript, neg bool, args []string) {
	key := adminKey
	if len(args) > 1 && args[0] == "-key" {
		key, args = args[1], args[2:]
	}
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: http [-key KEY] METHOD PATH [FILE]")
	}
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequest(args[0], ts.Getenv("RAPPORT_URL")+args[1], body)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	var out bytes.Buffer
	out.WriteString(res.Status + "\n")
	_, err = out.ReadFrom(res.Body)
	ts.Check(err)
	_, _ = ts.Stdout().Write(append(out.Bytes(), '\n'))
}

func keyedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keyed FILE")
	}
	ts.Setenv("RAPPORT_API_KEY", strings.TrimSpace(ts.ReadFile(args[0])))
}

func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

// cleanEnv is this process's environment without what would change a rapport.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "RAPPORT_") })
}
