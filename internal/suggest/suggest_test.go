package suggest_test

import (
	"testing"

	"pgregory.net/rapid"

	"rapport/internal/suggest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"country", "currency", "Order Completed", "Product Added", "email", "id", "welcome"}
	for word, want := range map[string]string{
		"contry":                      "country",
		"Country":                     "country",
		"cuontry":                     "country",
		"order_completed":             "Order Completed",
		"Order Complete":              "Order Completed",
		"welcom":                      "welcome",
		"emial":                       "email",
		"ids":                         "id",
		"curr":                        "currency",
		"Order C":                     "Order Completed",
		"zzz":                         "",
		"q":                           "",
		"":                            "",
		"-":                           "",
		"an entirely different thing": "",
	} {
		got, ok := suggest.Nearest(word, known)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %v; want %q", word, got, ok, want)
		}
	}
}

func TestNearestKnowsEachWordItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,12}`), 1, 8).Draw(t, "known")
		word := rapid.SampledFrom(known).Draw(t, "word")
		if got, ok := suggest.Nearest(word, known); !ok || got != word {
			t.Errorf("Nearest(%q, %q) = %q, %v", word, known, got, ok)
		}
	})
}
