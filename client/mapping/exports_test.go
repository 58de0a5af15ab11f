package mapping

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is read into testdata")

const mappings = "../../mappings/"

// sample is what a mapping that ships is tried on: a file made up in testdata/exports,
// or one of the public data sets and what must come of it.
type sample struct {
	kind   Kind
	file   string
	public string // what reading a public file comes to
}

// samples holds every mapping that ships.
var samples = map[string]sample{
	"shopify-orders":        {kind: Events, file: "shopify-orders.csv"},
	"shopify-refunds":       {kind: Events, file: "shopify-orders.csv"},
	"shopify-customers":     {kind: Customers, file: "shopify-customers.csv"},
	"woocommerce-orders":    {kind: Events, file: "woocommerce-orders.csv"},
	"woocommerce-refunds":   {kind: Events, file: "woocommerce-orders.csv"},
	"woocommerce-customers": {kind: Customers, file: "woocommerce-customers.csv"},

	"cdnow":                         {Events, "cdnow/CDNOW_sample.txt", "items 6919 rows 6919 skipped 0 bad 0\n"},
	"online-retail-ii":              {Events, "online-retail-ii/sample_customers_10pct.csv.gz", "items 2623 rows 47413 skipped 0 bad 0\n"}, // 2,143 orders and 480 refunds
	"online-retail-ii-customers":    {Customers, "online-retail-ii/sample_customers_10pct.csv.gz", "items 439 rows 47413 skipped 0 bad 0\n"},
	"complete-journey-transactions": {Events, "complete-journey/transactions_sample.csv.gz", "items 47243 rows 75000 skipped 0 bad 0\n"},
	"complete-journey-redemptions":  {Events, "complete-journey/coupon_redemptions.csv.gz", "items 2102 rows 2102 skipped 0 bad 0\n"},
	"complete-journey-demographics": {Customers, "complete-journey/demographics.csv.gz", "items 801 rows 801 skipped 0 bad 0\n"},
}

func TestEveryMappingIsTried(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(mappings + "*.yaml")
	if err != nil || len(files) != len(samples) {
		t.Errorf("%d mappings, %d samples, %v", len(files), len(samples), err)
	}
	page, err := os.ReadFile(mappings + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if _, tried := samples[strings.TrimSuffix(name, ".yaml")]; !tried {
			t.Errorf("%s is not tried", name)
		}
		if !strings.Contains(string(page), "]("+name+")") {
			t.Errorf("%s is not in the list", name)
		}
	}
}

func mappingOf(t *testing.T, name string, kind Kind) *Mapping {
	t.Helper()
	text, err := os.ReadFile(mappings + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(name, text, kind)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Each sample of an export becomes, item by item, what stands in testdata/exports.
func TestExports(t *testing.T) {
	t.Parallel()
	for name, s := range samples {
		if s.public != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/exports/" + s.file)
			if err != nil {
				t.Fatal(err)
			}
			o := read(t, &Reader{Kind: s.kind, Format: "csv", Mapping: mappingOf(t, name, s.kind)}, string(text))
			got := o.items + "bad\n" + o.bad + o.counts
			golden := "testdata/exports/" + name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Each public data set is read to its end.
func TestPublicData(t *testing.T) {
	t.Parallel()
	for name, s := range samples {
		if s.public == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open("../../../shared/data/" + s.file)
			if err != nil {
				t.Skip("the public data is not here: ../shared/data beside the project")
			}
			defer file.Close()
			items := 0
			r := &Reader{Kind: s.kind, Format: "csv", Mapping: mappingOf(t, name, s.kind), ID: testID, TempDir: t.TempDir()}
			err = r.Read(file, func(item Item) error {
				if item.JSON != nil {
					items++
				}
				return nil
			})
			if got := fmt.Sprintf("items %d rows %d skipped %d bad %d\n", items, r.Rows, r.Skipped, r.Bad); err != nil || got != s.public {
				t.Errorf("got %swant %s%v", got, s.public, err)
			}
		})
	}
}
