package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstSteps runs the first steps of each language, command by command. What
// differs: the program is built already, the port is a free one, the demo is stopped
// once it answers, and nobody types on before the server is ready.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("The first steps are not tried: %s is not installed.", tool)
		}
	}
	for language, want := range map[string]struct{ segment, subject, to string }{
		"de": {"stammkundschaft", "Lena, dein Warenkorb wartet", "lena@example.com"},
		"ko": {"regular", "민지 님, 장바구니에 담아 두신 상품이 있어요", "minji@example.com"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			page, err := os.ReadFile(filepath.Join("../../docs", language, "first-steps.md"))
			if err != nil {
				t.Fatal(err)
			}
			address := freeAddress(t)
			printed := runBash(t, folderWithProgram(t), []string{"RAPPORT_LISTEN=" + address}, typed(t, string(page), address))
			steps := strings.Split(printed, "--- step\n")
			if len(steps) != 11 {
				t.Fatalf("%d steps, not 11:\n%s", len(steps), printed)
			}
			for step, texts := range map[int][]string{
				1: {"the demo answers"}, 4: {want.to}, 6: {want.segment, "worst case", " 1 message", "version 1 is in force"}, 7: {want.segment},
				9: {`"status":"handed"`, want.subject, want.to},
			} {
				for _, text := range texts {
					if !strings.Contains(strings.ReplaceAll(steps[step], `": `, `":`), text) {
						t.Errorf("step %d does not tell %q:\n%s", step, text, steps[step])
					}
				}
			}
			if n := strings.Count(steps[9], want.subject); n != 1 {
				t.Errorf("the message stands there %d times", n)
			}
		})
	}
}

// typed returns what a reader types, a line before each box but the first. The last
// box stops the server, which is waited for.
func typed(t *testing.T, page, address string) string {
	t.Helper()
	ready := fmt.Sprintf("until curl -sf -o ready.txt http://%s/readyz; do sleep 0.02; done", address)
	var lines []string
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		if m[1] != "sh" {
			t.Fatalf("a box of %s is not run", m[1])
		}
		box := strings.TrimSpace(m[2])
		switch {
		case box == "make build":
			continue // folderWithProgram has done it
		case box == "bin/rapport demo":
			box = strings.Join([]string{box + " > demo.txt &", ready, "echo the demo answers", "kill $!", "wait $!"}, "\n")
		case strings.HasSuffix(box, " &"):
			box = strings.Replace(box, " &", " > serve.txt &", 1) + "\n" + ready
		case box == "kill $!":
			box += "\nwait $!"
		}
		lines = append(lines, "echo; echo '--- step'", strings.ReplaceAll(box, "127.0.0.1:8080", address))
	}
	return strings.Join(lines, "\n")
}

// TestFirstStepsAreTheSame: in each language the reader types the same, but for names
// and words of her own.
func TestFirstStepsAreTheSame(t *testing.T) {
	t.Parallel()
	var commands [][]string
	for _, language := range []string{"de", "ko"} {
		page, err := os.ReadFile(filepath.Join("../../docs", language, "first-steps.md"))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
			first, _, _ := strings.Cut(strings.TrimSpace(m[2]), " ")
			list = append(list, first)
		}
		commands = append(commands, list)
	}
	if de, ko := strings.Join(commands[0], "\n"), strings.Join(commands[1], "\n"); de != ko || len(commands[0]) != 11 {
		t.Errorf("German:\n%s\n\nKorean:\n%s", de, ko)
	}
}
