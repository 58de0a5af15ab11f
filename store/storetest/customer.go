package storetest

import (
	"strings"
	"testing"

	"rapport"
	"rapport/store"
)

func testRecords(t *testing.T, b *bench) {
	long := strings.Repeat("é☂", 13_000) // about 64 KB
	b.commit(records(record(1, "one"), record(2, ""), record(3, long)))
	equal(t, "records", []string{"one", "", long, "(none)"}, b.load(1, 2, 3, 4))
	equal(t, "records, each asked for twice", []string{"(none)", "one", "one", "(none)"}, b.load(4, 1, 1, 4))

	b.commit(records(record(1, "uno"), store.Record{Customer: who(2)}, record(3, "short"), store.Record{Customer: who(9)}))
	equal(t, "after changes and deletes", []string{"uno", "(none)", "short"}, b.load(1, 2, 3))
	b.commit(records(record(2, "again")))
	equal(t, "after it came again", []string{"uno", "again", "short"}, b.load(1, 2, 3))
}

func testPages(t *testing.T, b *bench) {
	page := func(n uint64, text string) store.Page { return store.Page{Number: n, Data: []byte(text)} }
	paged := func(n int, pages ...store.Page) store.Record {
		r := record(n, "head")
		r.Paged, r.Pages = true, pages
		return r
	}
	want := func(when string, n int, texts ...string) {
		t.Helper()
		loaded, err := b.Load(b.ctx, []rapport.CustomerID{who(n), who(2)})
		got := must(t, loaded, err)[0]
		scanned, err := b.Scan(b.ctx, who(n-1), 1)
		if must(t, scanned, err); len(texts) > 0 && (len(scanned) != 1 || len(scanned[0].Pages) != len(texts)) {
			t.Errorf("%s: a scan sees %v", when, scanned)
		}
		pages := []string{}
		for i, p := range got.Pages {
			if pages = append(pages, string(p.Data)); i > 0 && p.Number <= got.Pages[i-1].Number {
				t.Errorf("%s: not by number: %v", when, got.Pages)
			}
		}
		equal(t, when, texts, pages)
		if got.Paged != (len(texts) > 0) || len(loaded[1].Pages) > 0 {
			t.Errorf("%s: paged is %v, her neighbour's pages are %v", when, got.Paged, loaded[1].Pages)
		}
	}
	b.commit(records(paged(1, page(9, "nine"), page(2, "two"), page(300, "last")), record(2, "plain")))
	want("pages come by number", 1, "two", "nine", "last")
	b.commit(records(paged(1, page(9, "neun"), page(4, "four"), store.Page{Number: 2}, store.Page{Number: 77})))
	want("some changed, some gone", 1, "four", "neun", "last")
	b.commit(records(paged(1)))
	want("untouched ones stay", 1, "four", "neun", "last")
	b.reopen()
	want("after a restart", 1, "four", "neun", "last")
	b.commit(records(record(1, "head"), store.Record{Customer: who(2)}))
	b.commit(records(store.Record{Customer: who(1)}))
	want("her record is gone", 1)
	b.commit(records(paged(1, page(1, "new"))))
	want("she came again", 1, "new")
	b.commit(records(store.Record{Customer: who(1)}, paged(1, page(5, "five"))))
	want("gone and back in one batch", 1, "five")
}

func testScan(t *testing.T, b *bench) {
	var want []string
	b.commit(func(batch *store.Batch) {
		for i := 99; i >= 0; i-- {
			batch.Records = append(batch.Records, store.Record{Customer: who(i * 7), Data: []byte{byte(i)}, Wake: rapport.Instant(i)})
		}
	})
	b.commit(records(store.Record{Customer: who(14)}))
	for i := range 100 {
		if i != 2 {
			want = append(want, who(i*7).String())
		}
	}
	for _, limit := range []int{1, 7, 99, 1000} {
		var got []string
		var after rapport.CustomerID
		for {
			list, err := b.Scan(b.ctx, after, limit)
			if len(must(t, list, err)) == 0 {
				break
			}
			for _, r := range list {
				got = append(got, r.Customer.String())
				if int(r.Data[0]) != int(r.Wake) {
					t.Fatalf("a record with the wrong wake-up: %v", r)
				}
			}
			after = list[len(list)-1].Customer
		}
		equal(t, "ids in order", want, got)
	}
	none, err := b.Scan(b.ctx, rapport.CustomerID{}, 0)
	equal(t, "scan of none", []store.Record{}, must(t, none, err))
}

func testWalk(t *testing.T, b *bench) {
	b.commit(func(batch *store.Batch) {
		for i := range 100 {
			batch.Records = append(batch.Records, store.Record{Customer: who(i * 31 % 100), Data: []byte{byte(i * 31 % 100)}, Wake: rapport.Instant(i * 31 % 100)})
		}
	})
	b.commit(records(store.Record{Customer: who(7)}))
	b.commit(records(store.Record{Customer: who(8), Data: []byte{8}, Wake: 8, Paged: true, Pages: []store.Page{{Number: 1, Data: []byte("page")}}}))
	for _, limit := range []int{1, 7, 99, 1000} {
		met := map[rapport.CustomerID]int{}
		var place store.Place
		for {
			list, next, err := b.Walk(b.ctx, place, limit)
			if len(must(t, list, err)) == 0 {
				break
			}
			if len(list) > limit {
				t.Fatalf("%d records, at most %d were wanted", len(list), limit)
			}
			for _, r := range list {
				met[r.Customer]++
				if r.Customer != who(int(r.Data[0])) || int(r.Data[0]) != int(r.Wake) || len(r.Pages) != 0 != (r.Data[0] == 8) {
					t.Fatalf("not the record that was kept: %v", r)
				}
			}
			place = next
			// What changes on the way moves nobody, and who goes is not met any more.
			b.commit(records(store.Record{Customer: who(50), Data: []byte{50}, Wake: 50}))
		}
		for i := range 100 {
			if met[who(i)] != 1 && i != 7 || met[who(7)] != 0 {
				t.Fatalf("%d at a time: customer %d was met %d times", limit, i, met[who(i)])
			}
		}
	}
}

func (b *bench) nextWake() rapport.Instant {
	b.t.Helper()
	at, err := b.NextWake(b.ctx)
	return must(b.t, at, err)
}

func (b *bench) wantDue(until rapport.Instant, limit int, want ...store.Wake) {
	b.t.Helper()
	got, err := b.Due(b.ctx, until, limit)
	equal(b.t, "due", want, must(b.t, got, err))
}

func testWakes(t *testing.T, b *bench) {
	wake := func(n int, at rapport.Instant) store.Record {
		return store.Record{Customer: who(n), Data: []byte("x"), Wake: at}
	}
	b.commit(records(wake(3, 20), wake(1, 20), wake(2, 10), wake(4, rapport.Never), wake(5, 30), wake(6, -5)))
	w := func(n int, at rapport.Instant) store.Wake { return store.Wake{Customer: who(n), At: at} }
	equal(t, "next", rapport.Instant(-5), b.nextWake())
	b.wantDue(20, 10, w(6, -5), w(2, 10), w(1, 20), w(3, 20))
	b.wantDue(19, 10, w(6, -5), w(2, 10))
	b.wantDue(rapport.Never, 10, w(6, -5), w(2, 10), w(1, 20), w(3, 20), w(5, 30))
	b.wantDue(20, 3, w(6, -5), w(2, 10), w(1, 20))
	b.wantDue(-6, 10)
	b.wantDue(20, 0)

	// A record's wake-up replaces the one before: earlier, later, none, the same.
	b.commit(records(wake(5, 5), wake(2, 40), wake(6, rapport.Never), wake(1, 20), store.Record{Customer: who(3)}))
	b.wantDue(rapport.Never, 10, w(5, 5), w(1, 20), w(2, 40))
	b.commit(records(wake(5, 30), wake(5, 5)))
	b.wantDue(rapport.Never, 10, w(5, 5), w(1, 20), w(2, 40))
	b.commit(records(wake(5, rapport.Never), wake(1, rapport.Never), store.Record{Customer: who(2)}))
	b.wantDue(rapport.Never, 10)
	equal(t, "next", rapport.Never, b.nextWake())
}

func testIdentifiers(t *testing.T, b *bench) {
	key := func(n int) rapport.IdentifierKey { return rapport.IdentifierKey(who(n)) }
	b.commit(func(batch *store.Batch) {
		batch.Identifiers = []store.Identifier{{Key: key(2), Data: []byte("two")}, {Key: key(1), Data: []byte{}}, {Key: key(3), Data: []byte("three")}}
	})
	b.commit(func(batch *store.Batch) {
		batch.Identifiers = []store.Identifier{{Key: key(2), Data: []byte("zwei")}, {Key: key(3)}, {Key: key(4)}}
	})
	got, err := b.Identifiers(b.ctx, []rapport.IdentifierKey{key(3), key(2), key(1), key(2)})
	must(t, got, err)
	if got[0] != nil || string(got[1]) != "zwei" || got[2] == nil || len(got[2]) != 0 || string(got[3]) != "zwei" {
		t.Errorf("identifiers: %q", got)
	}
}

func testAddresses(t *testing.T, b *bench) {
	mail := func(n int, value string) store.Address {
		return store.Address{Kind: store.EmailAddress, Value: value, Customer: who(n)}
	}
	phone := store.Address{Kind: store.PhoneAddress, Value: "+6591234567", Customer: who(1)}
	b.commit(func(batch *store.Batch) {
		batch.Addresses = []store.Address{
			mail(2, "ann@shop.example"), mail(1, "ann@shop.example"), mail(3, "anna@shop.example"), mail(4, "änne@shop.example"), phone,
			mail(5, "a%_"), mail(5, "gone@shop.example"), mail(1, "ann@shop.example"),
		}
	})
	b.commit(func(batch *store.Batch) {
		gone := mail(5, "gone@shop.example")
		gone.Gone = true
		never := mail(9, "never@shop.example")
		never.Gone = true
		batch.Addresses = []store.Address{gone, never}
	})
	customers := func(kind store.AddressKind, value string, limit int) []rapport.CustomerID {
		ids, err := b.Customers(b.ctx, kind, value, limit)
		return must(t, ids, err)
	}
	equal(t, "two with one address", []rapport.CustomerID{who(1), who(2)}, customers(store.EmailAddress, "ann@shop.example", 10))
	equal(t, "at most one", []rapport.CustomerID{who(1)}, customers(store.EmailAddress, "ann@shop.example", 1))
	equal(t, "an address cut", []rapport.CustomerID{}, customers(store.EmailAddress, "gone@shop.example", 10))
	equal(t, "of the other kind", []rapport.CustomerID{}, customers(store.PhoneAddress, "ann@shop.example", 10))
	equal(t, "a phone", []rapport.CustomerID{who(1)}, customers(store.PhoneAddress, "+6591234567", 10))
	search := func(prefix string, limit int) []store.Address {
		found, err := b.SearchAddresses(b.ctx, prefix, limit)
		return must(t, found, err)
	}
	all := []store.Address{phone, mail(5, "a%_"), mail(1, "ann@shop.example"), mail(2, "ann@shop.example"), mail(3, "anna@shop.example"), mail(4, "änne@shop.example")}
	equal(t, "no prefix", all, search("", 10))
	equal(t, "ann", all[2:5], search("ann", 10))
	equal(t, "ann, at most two", all[2:4], search("ann", 2))
	equal(t, "a prefix outside ASCII", all[5:], search("ä", 10))
	equal(t, "signs that mean something to SQL", all[1:2], search("a%", 10))
	equal(t, "a phone", all[:1], search("+65", 10))
	equal(t, "nobody", []store.Address{}, search("zoe", 10))
}
