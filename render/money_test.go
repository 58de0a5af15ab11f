package render

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
	"pgregory.net/rapid"

	"rapport"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount         float64
		currency, lang string
		want           string
	}{
		{1290.5, "THB", "th", "฿1,290.50"},
		{1290.5, "THB", "en-th", "฿1,290.50"},
		{1290.5, "JPY", "ja", "¥1,291"},
		{1290.5, "KWD", "ar", "1,290.500 KWD"},
		{1290.5, "KWD", "", "KWD 1,290.500"},
		{1290.5, "EUR", "de", "1.290,50 €"},
		{1290.5, "EUR", "de-AT", "€1.290,50"},
		{1290.5, "EUR", "fr", "1 290,50 €"},
		{1290.5, "EUR", "es", "1290,50 €"},
		{12905, "EUR", "es", "12.905,00 €"},
		{1290000, "IDR", "id", "Rp 1.290.000,00"},
		{1290000, "VND", "vi-VN", "1.290.000 ₫"},
		{12345678, "INR", "hi", "₹1,23,45,678.00"},
		{1, "USD", "en-SG", "$1.00"},
		{1, "USD", "th", "US$1.00"},
		{1, "CNY", "zh-hant", "¥1.00"},
		{1, "SGD", "en", "S$1.00"},
		{-0.005, "SGD", "en", "-S$0.01"},
		{-0.004, "SGD", "en", "S$0.00"},
		{1.005, "SGD", "en", "S$1.01"},
		{999.995, "SGD", "en", "S$1,000.00"},
		{8999999999999.99, "SGD", "en", "S$8,999,999,999,999.99"},
	} {
		got := string(appendMoney(nil, c.amount, c.currency, rapport.MinorDigits(c.currency), languageTag(c.lang)))
		if got = strings.ReplaceAll(strings.ReplaceAll(got, nbsp, " "), narrow, " "); got != c.want {
			t.Errorf("%v %s in %q is written %q, want %q", c.amount, c.currency, c.lang, got, c.want)
		}
	}
}

// TestNotationsAreThoseOfCLDR compares with the tables of another source.
func TestNotationsAreThoseOfCLDR(t *testing.T) {
	t.Parallel()
	tags := []string{"en", "th", "ms", "zh", "zh-hant", "ja", "ko", "en-sg", "en-au"}
	for tag := range notations {
		tags = append(tags, tag)
	}
	for _, tag := range tags {
		switch tag {
		case "fr", "km", "no", "de-at": // CLDR writes them otherwise since the version of that source
			continue
		}
		printer := message.NewPrinter(language.Make(tag + "-u-nu-latn"))
		want := printer.Sprint(number.Decimal(12345678.5, number.Scale(2)))
		got := string(notationOf(tag).append(nil, 1234567850, 2))
		if got != want {
			t.Errorf("in %s 12345678.5 is written %q, in CLDR %q", tag, got, want)
		}
	}
}

// What is written is the amount, whatever the language: without its signs it is
// the number of minor units.
func TestMoneyIsTheAmount(t *testing.T) {
	t.Parallel()
	tags := []string{"en", "th", "xx"}
	for tag := range notations {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-1e12, 1e12).Draw(t, "minor units")
		code := rapid.SampledFrom([]string{"JPY", "SGD", "KWD"}).Draw(t, "currency")
		tag := rapid.SampledFrom(tags).Draw(t, "language")
		digits := rapport.MinorDigits(code)
		written := string(appendMoney(nil, float64(minor)/math.Pow10(digits), code, digits, tag))
		bare := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '-' {
				return r
			}
			return -1
		}, written)
		want := fmt.Sprintf("%0*d", digits+1, max(minor, -minor))
		if minor < 0 {
			want = "-" + want
		}
		if bare != want {
			t.Errorf("%d minor units of %s are written %q in %s", minor, code, written, tag)
		}
	})
}
