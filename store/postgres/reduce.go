package postgres

import (
	"rapport"
	"rapport/store"
)

// One statement may change a row once, so of several rows of one key the last is
// found first, and changes of one counter are added up.

// last returns of each key the last item, in the order in which keys first came.
func last[K comparable, T any](list []T, key func(*T) K) []*T {
	out := make([]*T, 0, len(list))
	places := make(map[K]int, len(list))
	for i := range list {
		k := key(&list[i])
		if at, known := places[k]; known {
			out[at] = &list[i]
			continue
		}
		places[k] = len(out)
		out = append(out, &list[i])
	}
	return out
}

// split parts items in those that are to be there and those that are not.
func split[T any](list []*T, there func(*T) bool) (put, gone []*T) {
	put = list[:0:0]
	for _, item := range list {
		if there(item) {
			put = append(put, item)
		} else {
			gone = append(gone, item)
		}
	}
	return put, gone
}

// add adds changes of one counter up.
func add(list []store.Counter) []store.Counter {
	type key struct {
		name   string
		bucket rapport.Instant
	}
	out := make([]store.Counter, 0, len(list))
	places := make(map[key]int, len(list))
	for _, c := range list {
		k := key{c.Name, c.Bucket}
		if at, known := places[k]; known {
			out[at].Delta += c.Delta
			continue
		}
		places[k] = len(out)
		out = append(out, c)
	}
	return out
}

// page is a page and whose it is.
type page struct {
	customer rapport.CustomerID
	store.Page
}

type pageKey struct {
	customer rapport.CustomerID
	number   uint64
}

// reduce says what a list of records comes to: who has to be gone before anything is
// put, be it that she comes again; the last record of each who is there in the end;
// and the pages that were put since she was last gone, in order.
func reduce(list []store.Record) (gone []rapport.CustomerID, kept []*store.Record, pages []page) {
	type outcome struct {
		record *store.Record
		pages  []page
		gone   bool
	}
	outcomes := make([]outcome, 0, len(list))
	places := make(map[rapport.CustomerID]int, len(list))
	for i := range list {
		r := &list[i]
		at, known := places[r.Customer]
		if !known {
			at = len(outcomes)
			places[r.Customer] = at
			outcomes = append(outcomes, outcome{})
		}
		o := &outcomes[at]
		if r.Data == nil {
			*o = outcome{gone: true}
			gone = append(gone, r.Customer)
			continue
		}
		o.record = r
		for _, p := range r.Pages {
			o.pages = append(o.pages, page{r.Customer, p})
		}
	}
	kept = make([]*store.Record, 0, len(outcomes))
	for _, o := range outcomes {
		if o.record != nil {
			kept = append(kept, o.record)
		}
		pages = append(pages, o.pages...)
	}
	return gone, kept, pages
}
