package rule

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// namesCurrency reports whether a question about events is told in a currency.
func (b *builder) namesCurrency(e *Expr) bool { return b.isAggregate(e) && len(e.Args) == 4 }

// money compiles sum(e, e.total, "SGD") and the like. Without a window, the totals
// are enough of what was paid in the very currency; of the others every amount is
// needed, since each is exchanged and rounded by itself.
func (b *builder) money(e *Expr) *money {
	s, plain := b.selected(e.Args[0], e, Keep{Measured: true, Window: Forever})
	n := &money{narrowed: !s.whole(), measure: measureNamed(e.Text), currency: e.Args[3].Text}
	for _, code := range append([]string{""}, b.rates.codes...) {
		part := amounts{selection: s, code: cmp.Or(code, b.rates.base)}
		part.exchange = b.rates.exchange(part.code, n.currency)
		part.fact = b.addMoney(plain, quote(code), fix(paidIn{code}), plain.probe.measure, part.totals())
		n.parts = append(n.parts, part)
	}
	s.fact = b.addMoney(plain, "other than "+quoted(b.rates.codes), fix(paidOtherwise{b.rates.codes}), strangeCode{plain.probe.measure}, s.whole())
	n.parts = append(n.parts, amounts{selection: s})
	b.rated = true
	return n
}

func quoted(codes []string) string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = quote(code)
	}
	return strings.Join(texts, ", ")
}

// addMoney notes the fact of amounts in one currency, made of the fact of all.
func (b *builder) addMoney(plain Fact, currency string, paid cond, measure number, totals bool) FactID {
	f := Fact{Event: plain.Event, Keep: plain.Keep, Key: strings.TrimSuffix(plain.Key, ")") + ", " + currency + ")"}
	f.ID = FactID(xxhash.Sum64String(f.Key))
	if totals {
		f.Keep = Keep{Measured: true}
	}
	f.probe = &probe{filter: paid, measure: measure, loops: plain.probe.loops, room: b.room}
	if plain.probe.filter != nil {
		f.probe.filter, f.need = and{paid, plain.probe.filter}, plain.need
	}
	b.addFact(f)
	return f.ID
}

// ratesHash is the hash of the rates if the rule reads them, else 0.
func (b *builder) ratesHash() uint64 {
	if !b.rated {
		return 0
	}
	return max(b.rates.hash, 1)
}

// Definition is the canonical text and, where the rule tells money in a currency,
// a mark of the rates. Two rules of one definition give the same answers.
func (r *Rule) Definition() string {
	if r.rates == 0 {
		return r.text
	}
	return r.text + " // rates " + strconv.FormatUint(r.rates, 16)
}
