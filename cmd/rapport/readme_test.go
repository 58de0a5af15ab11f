package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestFiveMinutes runs what the README says under "Your own data in five minutes",
// line by line, once with the SDK and once with curl. What differs: the program is
// built already, the port is a free one, and nobody is as fast as to type the second
// block before the server is ready.
func TestFiveMinutes(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("The README is not tried: %s is not installed.", tool)
		}
	}
	blocks := blocksOf(t, "## Your own data in five minutes\n")
	if len(blocks) != 5 || blocks[2].language != "js" {
		t.Fatalf("the README has other blocks than those this test knows: %+v", blocks)
	}
	start, recipes, sdk, curl, see := blocks[0].text, blocks[1].text, blocks[2].text, blocks[3].text, blocks[4].text
	start, built := strings.CutPrefix(start, "make build\n")
	if !built {
		t.Fatalf("the README does not begin with make build: %s", start)
	}
	for name, send := range map[string]string{"sdk": "node shop.cjs", "curl": curl} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packages, err := filepath.Abs("../../test/segment-sdk/node_modules")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(packages, ".package-lock.json")); err != nil && name == "sdk" {
				t.Skip("The README's SDK is not tried: make deps has not fetched it.")
			}
			address := freeAddress(t)
			elsewhere := func(text string) string { return strings.ReplaceAll(text, "127.0.0.1:8080", address) }
			dir := folderWithProgram(t)
			writeFile(t, filepath.Join(dir, "shop.cjs"), elsewhere(sdk))
			out := runBash(t, dir, []string{"RAPPORT_LISTEN=" + address, "NODE_PATH=" + packages}, elsewhere(strings.Join([]string{
				start, "until curl -sf -o ready.txt $RAPPORT_URL/readyz; do sleep 0.02; done", recipes, send, "echo", "echo ---", see,
				"echo", "echo ---", `curl -sL -u anybody:$RAPPORT_ADMIN_KEY -w '%{http_code}\n' http://127.0.0.1:8080`, "kill $!", "wait $!",
			}, "\n")))
			parts := strings.Split(out, "---\n")
			if len(parts) != 3 {
				t.Fatalf("the shell says:\n%s", out)
			}
			checkReminder(t, parts[1])
			if page := parts[2]; !strings.Contains(page, "ana") || !strings.HasSuffix(page, "200\n") {
				t.Errorf("the page for a person does not know Ana:\n%s", page)
			}
		})
	}
}

// checkReminder sees to it that the clock's answer and the message are there.
func checkReminder(t *testing.T, told string) {
	t.Helper()
	_, answer, _ := strings.Cut(told, "\n") // the line before is what the clock shows
	var list struct {
		Messages []struct{ Customer, Journey, Status, Channel, To, Subject string }
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || len(list.Messages) != 1 {
		t.Fatalf("%v: not one message:\n%s", err, told)
	}
	if m := list.Messages[0]; m.To != "ana@example.com" || m.Journey != "cart-recovery" || m.Channel != "email" || m.Status != "handed" || m.Subject == "" {
		t.Errorf("the reminder is %+v", m)
	}
}

// block is a piece of code of the README.
type block struct{ language, text string }

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// blocksOf returns the code of a chapter of the README.
func blocksOf(t *testing.T, heading string) (blocks []block) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, found := strings.Cut(string(readme), heading)
	if !found {
		t.Fatalf("the README has no chapter %q", heading)
	}
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	for _, m := range fence.FindAllStringSubmatch(chapter, -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// folderWithProgram returns a folder with the program where make build puts it.
func folderWithProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, err := exec.LookPath("rapport")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "bin", "rapport")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runBash runs lines, each of which must succeed, and returns what they print.
func runBash(t *testing.T, dir string, env []string, lines string) string {
	t.Helper()
	shell := exec.Command("bash", "-e", "-c", lines)
	shell.Dir, shell.Env = dir, append(cleanEnv(), env...)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it started can be ended with it
	// A pipe would stay open for as long as a server that is left behind.
	printed, complaints := fileIn(t, dir, "printed.txt"), fileIn(t, dir, "complaints.txt")
	shell.Stdout, shell.Stderr = printed, complaints
	err := shell.Run()
	if shell.Process != nil {
		_ = syscall.Kill(-shell.Process.Pid, syscall.SIGKILL)
	}
	out, readErr := os.ReadFile(printed.Name())
	told, toldErr := os.ReadFile(complaints.Name())
	if err := errors.Join(err, readErr, toldErr); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, told)
	}
	return string(out)
}

func fileIn(t *testing.T, dir, name string) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
