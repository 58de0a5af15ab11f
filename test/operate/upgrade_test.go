package operate_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// older are databases that earlier programs wrote, by the number of their form: a sandbox
// with twenty shoppers, of whom each made one order more than the one before her, up to
// twelve, and was to be written to thirty days after each.
func older() []int { return []int{6} }

// unpack puts an older database into a new data folder.
func unpack(t *testing.T, form int) (data string) {
	t.Helper()
	data = t.TempDir()
	in, err := os.Open(fmt.Sprintf("testdata/form%d.db.gz", form))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	packed, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "rapport.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

// A data folder of an earlier program is brought to the present form and goes on where it
// was, and so does one that is restored from a backup of it.
func TestOlderFoldersGoOn(t *testing.T) {
	t.Parallel()
	for _, form := range older() {
		data := unpack(t, form)
		to, restored := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
		run(t, 0, "backup", to, "--data", data)
		run(t, 0, "restore", to, "--data", restored)
		for _, folder := range []string{data, restored} {
			p := serve(t, folder, "--sandbox")
			judgeOlder(p)
			p.stop()
			again := serve(t, folder, "--sandbox")
			again.judgeSize("loyal", 12)
			again.stop()
		}
	}
}

func (p *program) judgeSize(segment string, want int) {
	p.Helper()
	var found struct {
		Size  int
		State string
	}
	p.must(http.MethodGet, "/v1/segments/"+segment, "", &found)
	if found.Size != want || found.State != "exact" {
		p.Errorf("%s has %d members, %s, not %d", segment, found.Size, found.State, want)
	}
}

// judgeOlder sees that what the older program knew is there, and that its runs go on.
func judgeOlder(p *program) {
	p.Helper()
	p.judgeSize("loyal", 11)
	orders := 0
	for i := range 20 {
		found, err := p.orders(fmt.Sprintf("shopper-%d", i))
		if err != nil || len(found) != min(12, i+1) {
			p.Errorf("shopper %d has %d orders, error %v", i, len(found), err)
		}
		orders += len(found)
	}
	var nobody struct{ Messages []struct{ Status string } }
	p.must(http.MethodGet, "/v1/messages?limit=500", "", &nobody)
	p.must(http.MethodPost, "/v1/clock", `{"advance": "31d"}`, nil)
	var written struct{ Messages []struct{ Status string } }
	p.must(http.MethodGet, "/v1/messages?limit=500&status=handed", "", &written)
	if len(nobody.Messages) != 0 || len(written.Messages) != orders {
		p.Errorf("%d messages before and %d after thirty days, of %d orders", len(nobody.Messages), len(written.Messages), orders)
	}
	l := &load{T: p.T, halt: make(chan struct{}), sent: map[string][]string{}, acked: map[string][]string{}}
	l.url.Store(&p.url)
	l.order("shopper-8", 100)
	p.judgeSize("loyal", 12)
}
