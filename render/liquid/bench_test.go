package liquid_test

import (
	"os"
	"strings"
	"testing"

	"rapport"
	"rapport/render/liquid"
)

// mail is a personalised order mail of about 5 KB with some 20 variables, and
// what it is rendered with.
func mail(tb testing.TB) (source string, data liquid.Data) {
	tb.Helper()
	src, err := os.ReadFile("testdata/order.liquid")
	if err != nil {
		tb.Fatal(err)
	}
	values, err := os.ReadFile("testdata/order.json")
	if err != nil {
		tb.Fatal(err)
	}
	v, err := rapport.ParseJSON(values)
	if err != nil {
		tb.Fatal(err)
	}
	return string(src), liquid.Object(v)
}

var mailOptions = liquid.RenderOptions{Now: 1_795_339_800_000}

func TestMail(t *testing.T) {
	t.Parallel()
	src, data := mail(t)
	tmpl, err := liquid.Parse(src, liquid.ParseOptions{AutoEscape: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := tmpl.Render(nil, data, mailOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Good to see you, Mei", "Trail shoe &amp; sock set", "SGD 243.80", "22 November 2026", "3 items"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the mail does not hold %q:\n%s", want, out)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	src, data := mail(b)
	tmpl, err := liquid.Parse(src, liquid.ParseOptions{AutoEscape: true})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = tmpl.Render(out[:0], data, mailOptions); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(out)))
}

func BenchmarkParse(b *testing.B) {
	src, _ := mail(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := liquid.Parse(src, liquid.ParseOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
