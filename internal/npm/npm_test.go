package npm_test

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"rapport/internal/npm"
)

// fake is an npm that, like the real one, first clears away what is there; it goes on only
// when another has begun as well, so that two that share a folder undo each other.
const fake = `#!/bin/sh
set -e
rm -rf node_modules
mkdir node_modules
echo x >> "$FAKE_BEGUN"
while [ "$(wc -l < "$FAKE_BEGUN")" -lt 2 ]; do sleep 0.01; done
echo module > node_modules/module.js
echo '{}' > node_modules/.package-lock.json
`

// TestInstallAtOnce: two tests that install at once both find everything, and nothing else
// is left behind. What is installed is not installed again.
func TestInstallAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the fake npm is a shell script")
	}
	bin, folder := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{filepath.Join(bin, "npm"): fake, filepath.Join(bin, "node"): "#!/bin/sh\n",
		filepath.Join(folder, "package.json"): "{}", filepath.Join(folder, "package-lock.json"): "{}"} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	begun := filepath.Join(t.TempDir(), "begun")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FAKE_BEGUN", begun)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			npm.Install(t, folder)
			if _, err := os.Stat(filepath.Join(folder, "node_modules", "module.js")); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	npm.Install(t, folder)
	if lines, err := os.ReadFile(begun); err != nil || string(lines) != "x\nx\n" {
		t.Errorf("npm was run with %q, %v", lines, err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 3 {
		t.Errorf("%v is left, %v", left, err)
	}
}
