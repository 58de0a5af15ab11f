// Package npm puts the packages that a folder's lock file names beside it, for tests that
// drive somebody else's JavaScript.
//
// What it guarantees: whoever finds node_modules there finds all of it, however many
// tests, of one program or of several, install at once. What it does not do: it brings
// neither node nor npm; without them the test is skipped.
package npm

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Install installs what the lock file of a folder names, if that was not done yet.
func Install(t testing.TB, folder string) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("What is in %s is not tried: %s is not installed.", filepath.Base(folder), tool)
		}
	}
	if installed(folder) {
		return
	}
	// Elsewhere first: npm begins by clearing away what another test has come to use.
	aside, err := os.MkdirTemp(folder, ".install-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(aside)
	for _, name := range []string{"package.json", "package-lock.json"} {
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(aside, name), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	install.Dir = aside
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	// Whoever comes first puts it there; what he has put there is as good.
	if err := os.Rename(filepath.Join(aside, modules), filepath.Join(folder, modules)); err != nil && !installed(folder) {
		t.Fatalf("%s holds half of an installation: remove it (%v)", filepath.Join(folder, modules), err)
	}
}

const modules = "node_modules"

// installed reports whether npm has come to its end there.
func installed(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, modules, ".package-lock.json"))
	return err == nil
}
