package promotion_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"rapport/promotion"
)

// The combination is the best of all those that the rules of stacking allow.
func TestBestCombinationEqualsBruteForce(t *testing.T) {
	several := 0
	for seed := range uint64(800) {
		r := rand.New(rand.NewPCG(seed, 5))
		docs, stacking := randomOffers(r)
		set, o := compiled(t, stacking, docs), randomOrder(r)
		in := &promotion.Request{Order: o, Now: 1_790_000_000_000}
		got := set.Calculate(in)
		if !got.Exact {
			t.Fatalf("seed %d: the search was cut short", seed)
		}
		if err := sums(o, got); err != "" {
			t.Fatalf("seed %d: %s", seed, err)
		}
		if want, which := bruteForce(set, in, docs, stacking); total(got) != want {
			t.Fatalf("seed %d: %d by %+v, brute force %d by %v\n%+v", seed, total(got), got.Applied, want, which, o)
		}
		if len(got.Applied) > 1 {
			several++
		}
	}
	if several < 200 {
		t.Fatalf("only %d orders got more than one offer: the test shows little", several)
	}
}

func randomOffers(r *rand.Rand) (map[string]promotion.Doc, *promotion.StackingDoc) {
	stacking := &promotion.StackingDoc{
		Lanes:   []promotion.LaneDoc{{Name: "items"}, {Name: "more", Wins: "all"}, {Name: "default"}},
		Amounts: []string{"", "initial"}[r.IntN(2)], Most: 1 + r.IntN(4),
	}
	docs := map[string]promotion.Doc{}
	for i := range 2 + r.IntN(7) {
		d := promotion.Doc{
			Gives: []promotion.Give{randomGive(r)}, Lane: []string{"items", "more", "default"}[r.IntN(3)],
			Stacks: []string{"", "", "", "never", "always"}[r.IntN(5)], Priority: r.IntN(3),
		}
		switch r.IntN(5) {
		case 0:
			d.Where = "order.amount >= 40"
		case 1:
			d.Where = "order.amount < 60 && order.initial_amount > 5"
		case 2:
			d.Where = "order.total_amount >= 20"
		}
		docs[fmt.Sprintf("offer-%d", i)] = d
	}
	return docs, stacking
}

// bruteForce tries every set of offers.
func bruteForce(set *promotion.Set, in *promotion.Request, docs map[string]promotion.Doc, stacking *promotion.StackingDoc) (best int64, which map[string]bool) {
	var names []string
	for name := range docs {
		names = append(names, name)
	}
	for bits := range 1 << len(names) {
		some := map[string]bool{}
		for i, name := range names {
			if bits&(1<<i) != 0 {
				some[name] = true
			}
		}
		if !together(docs, some, stacking.Most) {
			continue
		}
		if sum, ok := set.Exactly(in, some); ok && sum > best {
			best, which = sum, some
		}
	}
	return best, which
}

// together reports whether offers go together by what their documents say.
func together(docs map[string]promotion.Doc, some map[string]bool, most int) bool {
	lanes := map[string]int{}
	for a := range some {
		lanes[docs[a].Lane]++
		for b := range some {
			x, y := docs[a].Stacks, docs[b].Stacks
			if a != b && x != "always" && y != "always" && (x == "never" || y == "never") {
				return false
			}
		}
	}
	return len(some) <= most && lanes["items"] <= 1 && lanes["default"] <= 1
}

// What is shared out is the whole, in proportion to less than one unit, and nobody gets
// more than there is room for.
func TestShareIsExact(t *testing.T) {
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 6))
		n := 1 + r.IntN(6)
		weights, rooms := make([]int64, n), make([]int64, n)
		var room, weight int64
		for i := range n {
			weights[i] = []int64{0, 1, 3, 100, 1 << 40}[r.IntN(5)] * r.Int64N(1000)
			rooms[i] = weights[i]
			if r.IntN(3) == 0 {
				rooms[i] = r.Int64N(50)
			}
			room += rooms[i]
			weight += weights[i]
		}
		total := r.Int64N(room + 2)
		parts, sum, capped := promotion.ShareOut(total, weights, rooms), int64(0), false
		for i, p := range parts {
			if p < 0 || p > rooms[i] {
				t.Fatalf("seed %d: part %d of room %d", seed, p, rooms[i])
			}
			capped = capped || p == rooms[i] || rooms[i] == 0
			sum += p
		}
		if sum != min(total, room) {
			t.Fatalf("seed %d: the parts sum to %d of %d", seed, sum, total)
		}
		for i, p := range parts {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(weights[i]), big.NewInt(total)), big.NewInt(max(1, weight)))
			if diff := exact.Sub(exact, new(big.Rat).SetInt64(p)); !capped && weight > 0 && diff.Abs(diff).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("seed %d: part %d of weights %v of %d", seed, p, weights, total)
			}
		}
	}
}
