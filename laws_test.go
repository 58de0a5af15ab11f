package rapport_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/internal/laws"
)

// Groups of rooms. A name with /... means the room and all below it.
var (
	stages  = []string{"collect/...", "profile/...", "segment/...", "journey/...", "decide/...", "promotion/...", "render/...", "channel/...", "measure/..."}
	core    = []string{"profile/...", "segment/...", "journey/...", "decide/...", "promotion/...", "render/...", "rule/...", "measure/...", "mirror/...", "pseudonym/...", "flow/..."}
	ground  = []string{".", "internal/..."} // the nouns and the plumbing, which know nobody
	stage   = slices.Concat(ground, []string{"rule/..."})
	inside  = slices.Concat(stage, stages)
	running = slices.Concat(inside, []string{"store", "flow/...", "workspace/...", "mirror/...", "pseudonym/..."})
	faces   = slices.Concat(running, []string{"store/...", "api/...", "console/...", "sdk/...", "recipes/...", "shop/...", "story/...", "client/...", "bench/..."})
	tops    = []string{"app/...", "cmd/...", "test/..."} // only what stands above them may know them
)

// rooms says who may import whom. The first row that fits a folder counts; a
// room may always import what lies below its own first folder. Arrows point at
// the nouns: what one stage needs of another it is given as a value.
var rooms = []laws.Room{
	{Folder: ".", StdlibOnly: true},
	{Folder: "internal/...", Imports: []string{"internal/..."}},
	{Folder: "rule/...", Imports: ground},
	{Folder: "collect/...", Imports: stage},
	{Folder: "profile/...", Imports: stage},
	{Folder: "segment/...", Imports: stage},
	{Folder: "journey/...", Imports: stage},
	{Folder: "decide/...", Imports: stage},
	{Folder: "promotion/...", Imports: stage},
	{Folder: "render/...", Imports: stage},
	{Folder: "channel/...", Imports: stage},
	{Folder: "measure/...", Imports: stage},
	{Folder: "mirror/...", Imports: stage},                                                           // it answers rules and knows no record
	{Folder: "pseudonym/...", Imports: ground},                                                       // events in, events out
	{Folder: "store/...", Imports: ground},                                                           // it keeps bytes and rows and knows no stage
	{Folder: "shop/...", Imports: ground},                                                            // it is the world outside: it speaks HTTP or makes events
	{Folder: "client/...", Imports: slices.Concat(ground, []string{"workspace/...", "collect/..."})}, // a caller of the HTTP face like any other; it reads files as apply does, and rows in a dry run as the server would
	{Folder: "bench/...", Imports: slices.Concat(ground, []string{"client/...", "shop/..."})},        // it measures the binary from outside
	{Folder: "deploy/...", Imports: ground},                                                          // files, and what reads them as others do
	{Folder: "recipes/...", Imports: ground},                                                         // files
	{Folder: "console/...", Imports: ground},
	{Folder: "sdk/...", Imports: ground},
	{Folder: "workspace/...", Imports: inside},
	{Folder: "flow/...", Imports: running}, // the store's border, never one of its databases
	{Folder: "api/...", Imports: slices.Concat(running, []string{"console/...", "sdk/..."})},
	{Folder: "story/...", Imports: slices.Concat(running, []string{"store/..."})},
	{Folder: "app/...", Imports: faces},
	{Folder: "cmd/...", Imports: slices.Concat(ground, []string{"app/...", "client/...", "bench/...", "story/...", "recipes/...", "shop/...", "workspace"})},
	{Folder: "test/...", Imports: slices.Concat(faces, []string{"app/..."})},
}

// impure is what the core never touches: time and chance are parameters, the
// world is somebody else's work.
var impure = laws.Impure{
	Imports: []string{
		"math/rand/...", "crypto/rand", "net", "net/http/...", "net/smtp", "net/rpc/...", "os/...", "syscall", "database/sql/...",
		"modernc.org/sqlite/...", "github.com/jackc/pgx/...", "github.com/nats-io/...",
	},
	Names: map[string][]string{
		"time": {"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "NewTimer", "NewTicker", "Tick"},
	},
}

// madeOnce are the functions whose result may stand at package level, because
// nothing can change it afterwards.
var madeOnce = []string{
	"errors.New", "fmt.Errorf", "rapport.Errorf", "regexp.MustCompile", "strings.NewReplacer",
	"sync.OnceValue", "sync.OnceValues", "hash/crc32.MakeTable", "time.Date",
	"encoding/base32.NewEncoding", "encoding/base64.NewEncoding", "encoding/binary.Size",
	"net/netip.MustParsePrefix", "golang.org/x/text/language.MustParse",
	"github.com/shopspring/decimal.NewFromInt", "github.com/shopspring/decimal.RequireFromString",
}

// The words are put together so that this file does not break its own law.
var refusedTexts = map[string]*regexp.Regexp{
	"a path of one person's machine": regexp.MustCompile(`(^|[^\w./-])/(?:tmp|root|home|Users)/\w+|\b[A-Z]:\\Users\\`),
	"a mark of unfinished work":      regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME)\b`),
}

// law is one rule of the house: what it says, what to do where it is broken,
// and how that is found.
type law struct {
	name, says, remedy string
	find               func(*laws.Tree) []laws.Finding
}

var limits = laws.Limits{File: 1000, Function: 100, Methods: 10}

var houseLaws = []law{
	{
		"arrows", "A stage imports the root, rule and internal only; app alone knows everyone, cmd alone knows app; the root imports the standard library only, internal no room of the product.",
		"Take what you need of another stage as a value, or declare a small interface where you use it. A new room gets a row in the table rooms of laws_test.go.",
		func(t *laws.Tree) []laws.Finding { return laws.Imports(t, rooms, tops) },
	}, {
		"pure", "The core takes time and randomness as parameters and never reaches for the clock, for chance, for the network or for a driver.",
		"Let the caller pass now, a seed or the bytes; put what touches the world into channel, store, api or app.",
		func(t *laws.Tree) []laws.Finding { return laws.Pure(t, core, impure) },
	}, {
		"docs", "Every package has one doc comment: what it is, what it guarantees, what it does not.",
		"Write at least two sentences above the package clause of one file, doc.go where it is long.",
		laws.PackageDocs,
	}, {
		"state", "A package remembers nothing: no init, and at package level only constants, tables that nobody writes to, errors, compiled expressions and embedded files.",
		"Put it into a value that a constructor returns; list providers plainly; compute a table with sync.OnceValue.",
		func(t *laws.Tree) []laws.Finding { return laws.State(t, madeOnce) },
	}, {
		"names", "Names say the business word: no util, common, helpers, models, types, manager, Impl.",
		"Name the folder by what happens in it, the file by its noun, the type by what it is.",
		func(t *laws.Tree) []laws.Finding {
			return laws.Names(t,
				[]string{"util", "utils", "common", "helper", "helpers", "misc", "models", "types", "manager", "managers", "impl"},
				[]string{"Impl", "Manager", "Helper", "Helpers", "Util", "Utils"})
		},
	}, {
		"sizes", "A file has at most 1,000 lines, a function 100. Look twice at 700 and at 60; the median function has about 10.",
		"Split the file by noun, the function by step. A test's tables do not count.",
		func(t *laws.Tree) []laws.Finding { return laws.Sizes(t, limits) },
	}, {
		"interfaces", "An interface has at most 10 methods, and usually 1 to 5.",
		"Declare what this consumer needs, next to where it needs it.",
		func(t *laws.Tree) []laws.Finding { return laws.Interfaces(t, limits) },
	}, {
		"oracles", "An oracle shares no code with what it judges.",
		"Compute the answer anew from the events; compare the two in another file.",
		func(t *laws.Tree) []laws.Finding {
			return laws.Oracles(t, slices.Concat(stages, []string{"flow/...", "store/..."}))
		},
	}, {
		"texts", "No file names a path of somebody's machine or a mark of unfinished work.",
		"Use a relative path or a temporary folder; do the work, or open an issue.",
		func(t *laws.Tree) []laws.Finding {
			return laws.Patterns(t, refusedTexts, []string{"testdata/laws/...", "go.sum"})
		},
	}, {
		"transactions", "A transaction never crosses a package: one store method is one transaction is one sentence of the domain.",
		"Give the store a method that says the whole sentence.",
		func(t *laws.Tree) []laws.Finding {
			return laws.Handles(t, []string{"database/sql.Tx", "database/sql.Conn", "github.com/jackc/pgx/v5.Tx"})
		},
	}, {
		"comments", "What a package exports says what it promises.",
		"Write a sentence above it, or do not export it.",
		laws.Undocumented,
	},
}

// The folders that hold nothing of ours: what is built, and what runs leave behind.
var notOurs = []string{"bin", "data", ".tools", "console/web/dist"}

func TestLaws(t *testing.T) {
	t.Parallel()
	house, err := laws.Load(os.DirFS("."), "rapport", notOurs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range houseLaws {
		t.Run(l.name, func(t *testing.T) {
			found := l.find(house)
			if len(found) == 0 {
				return
			}
			t.Errorf("The law: %s\nIs broken in %d places:\n%sThe remedy: %s", l.says, len(found), list("  ", found), l.remedy)
		})
	}
	if long := laws.LongFiles(house, 700); len(long) > 0 {
		t.Logf("Look twice at these long files:\n%s", list("  ", long))
	}
}

// TestLawsCanFail builds the planted houses of testdata/laws. Each breaks one
// law, by whose name it is called, in the places that its part "want" lists, and
// no other; each law has such a house. The house "sound" breaks none.
func TestLawsCanFail(t *testing.T) {
	t.Parallel()
	planted, err := filepath.Glob("testdata/laws/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]bool{}
	for _, file := range planted {
		name := strings.TrimSuffix(path.Base(filepath.ToSlash(file)), ".txtar")
		house, want := plant(t, file)
		var got string
		for _, l := range houseLaws {
			found := l.find(house)
			got += list(l.name+": ", found)
			broken[l.name] = broken[l.name] || l.name == name && len(found) > 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: found other than planted (-planted +found):\n%s", file, diff)
		}
	}
	for _, l := range houseLaws {
		if !broken[l.name] {
			t.Errorf("no house in testdata/laws breaks the law %q, so nobody knows whether it can be broken", l.name)
		}
	}
}

// plant reads a planted house and what is to be found in it.
func plant(t *testing.T, file string) (house *laws.Tree, want string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	if i < 0 {
		t.Fatalf("%s has no part named want", file)
	}
	want = string(archive.Files[i].Data)
	archive.Files = slices.Delete(archive.Files, i, i+1)
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	house, err = laws.Load(fsys, "rapport")
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return house, want
}

func list(prefix string, found []laws.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(prefix + f.String() + "\n")
	}
	return b.String()
}
