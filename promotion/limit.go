package promotion

import (
	"strconv"
	"time"

	"rapport"
	"rapport/internal/calendar"
)

// limit says how often, or how far, an offer may be used by somebody in a period.
type limit struct {
	by     who
	each   each
	uses   int64 // 0: it is one of money
	amount money
}

// who is whose uses a limit counts.
type who uint8

const (
	byOffer who = iota
	byCode
	byCustomer
	byIdentity
)

var whoWords = []string{"offer", "code", "customer", "identity"}

// each is the period of the calendar in which a limit counts.
type each uint8

const (
	ever each = iota
	eachDay
	eachWeek
	eachMonth
	eachYear
)

var eachWords = []string{"day", "week", "month", "year"}

// Tally names a sum that a limit is measured by: uses of an offer, or what it took
// off in a currency, by whom and since when. Two limits that count the same have the
// same tally, whatever their numbers.
type Tally string

// Standing is what is known of what was used before.
type Standing interface {
	// Used returns a tally's sum, 0 if nothing was ever counted.
	Used(t Tally) int64
}

// tallies returns the tallies of a limit for a use, none if it counts somebody who is
// not known: a customer, or an identity, of whom nothing was told.
func (l limit) tallies(o *Offer, u *use) (keys []Tally) {
	whom := []string{""}
	switch l.by {
	case byCode:
		whom = []string{u.code}
	case byCustomer:
		whom = nil
		if u.customer != (rapport.CustomerID{}) {
			whom = []string{u.customer.String()}
		}
	case byIdentity:
		whom = u.identities
	}
	measure := "uses"
	if l.amount != nil {
		measure = u.currency
	}
	for _, w := range whom {
		keys = append(keys, Tally(strconv.Quote(o.Name)+"/"+measure+"/"+whoOf(l.by)+"/"+l.each.since(u.day)+"/"+w))
	}
	return keys
}

func whoOf(w who) string { return whoWords[w] }

// since returns the first day of the period that a day is in.
func (e each) since(day calendar.Day) string {
	year, month, _ := day.Date()
	switch e {
	case eachDay:
		return day.String()
	case eachWeek: // from Monday
		return (day - calendar.Day((int(day.At(time.UTC, 0).Weekday())+6)%7)).String()
	case eachMonth:
		return calendar.Date(year, month, 1).String()
	case eachYear:
		return calendar.Date(year, time.January, 1).String()
	}
	return ""
}

// next returns the first day of the period after the one that a day is in.
func (e each) next(day calendar.Day) (calendar.Day, bool) {
	if e == ever {
		return 0, false
	}
	for next := day + 1; ; next++ {
		if e.since(next) != e.since(day) {
			return next, true
		}
	}
}

// use is who uses an offer, as limits count.
type use struct {
	code       string
	customer   rapport.CustomerID
	identities []string
	currency   string
	day        calendar.Day // where the customer is
}

// left returns how much of an amount a limit leaves, and 0 if it is met.
func (l limit) left(o *Offer, u *use, st Standing) int64 {
	most := l.uses
	if l.amount != nil {
		most = l.amount.in(u.currency)
	}
	left := most
	for _, t := range l.tallies(o, u) {
		left = min(left, most-st.Used(t))
	}
	return max(0, left)
}
