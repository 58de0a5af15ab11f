package replay_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// order is what is expected of one order or refund.
type order struct {
	Event, At, Total, Country string
	Lines                     int
}

// person is what is expected of one customer: her orders by their numbers.
type person struct {
	Orders  map[string]order
	Coupons int
	Country string
	Traits  map[string]string
}

// dataFile returns where a file of the data is.
func dataFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not replayed: the data is not here", name)
	}
	return path
}

// rows returns the rows of a packed CSV file by the names of their columns.
func rows(t *testing.T, path string) (list []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(unpacked)
	header, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		row := make(map[string]string, len(header))
		for i, name := range header {
			row[name] = record[i]
		}
		list = append(list, row)
	}
}

// ledger adds amounts up.
type ledger struct {
	people map[string]*person
	totals map[string]*big.Rat // by order
}

func newLedger() *ledger { return &ledger{map[string]*person{}, map[string]*big.Rat{}} }

func (l *ledger) person(id string) *person {
	if l.people[id] == nil {
		l.people[id] = &person{Orders: map[string]order{}}
	}
	return l.people[id]
}

// line adds a line to an order; what the first line says of the whole order stays.
func (l *ledger) line(customer, number string, first order, amount *big.Rat) {
	p := l.person(customer)
	o, known := p.Orders[number]
	if !known {
		o, l.totals[number] = first, new(big.Rat)
	}
	o.Lines++
	total := l.totals[number]
	total.Add(total, amount)
	o.Total = new(big.Rat).Abs(total).FloatString(2)
	p.Orders[number] = o
}

func number(t *testing.T, text string) *big.Rat {
	t.Helper()
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return n
}

// count counts the customers for whom something holds.
func (l *ledger) count(holds func(*person) bool) (n int64) {
	for _, p := range l.people {
		if holds(p) {
			n++
		}
	}
	return n
}

// orders counts orders, and their lines, for which something holds.
func (l *ledger) orders(holds func(order) bool) (orders, lines int) {
	for _, p := range l.people {
		for _, o := range p.Orders {
			if holds(o) {
				orders++
				lines += o.Lines
			}
		}
	}
	return orders, lines
}

func (p *person) has(holds func(order) bool) (n int) {
	for _, o := range p.Orders {
		if holds(o) {
			n++
		}
	}
	return n
}

// onlineRetail says what is expected of Online Retail II. A year in London has an
// hour of summer time; the file tells the time on the wall.
func onlineRetail(t *testing.T, list []map[string]string) *ledger {
	l := newLedger()
	for _, r := range list {
		name := "Order Completed"
		if strings.HasPrefix(r["invoice"], "C") {
			name = "Order Refunded"
		}
		amount := new(big.Rat).Mul(number(t, r["quantity"]), number(t, r["price"]))
		l.line(r["customer_id"], r["invoice"], order{Event: name, At: inLondon(r["invoice_date"]), Country: r["country"]}, amount)
		if p := l.person(r["customer_id"]); p.Country == "" {
			p.Country = r["country"]
		}
	}
	return l
}

// inLondon turns a time on London's wall, of December 2009 to December 2010, to UTC.
func inLondon(at string) string {
	date, clock, _ := strings.Cut(at, " ")
	if at >= "2010-03-28 02:00:00" && at < "2010-10-31 01:00:00" {
		hour := (int(clock[0]-'0')*10 + int(clock[1]-'0')) - 1
		clock = string([]byte{byte('0' + hour/10), byte('0' + hour%10)}) + clock[2:]
	}
	return date + "T" + clock + ".000Z"
}

// completeJourney says what is expected of The Complete Journey.
func completeJourney(t *testing.T, transactions, redemptions, demographics []map[string]string) *ledger {
	l := newLedger()
	for _, r := range transactions {
		at := strings.TrimSuffix(r["transaction_timestamp"], "Z") + ".000Z"
		l.line(r["household_id"], r["basket_id"], order{Event: "Order Completed", At: at}, number(t, r["sales_value"]))
	}
	for _, r := range redemptions {
		l.person(r["household_id"]).Coupons++
	}
	for _, r := range demographics {
		p := l.person(r["household_id"])
		p.Traits = map[string]string{}
		for name, text := range r {
			if name != "household_id" && text != "" {
				p.Traits[name] = text
			}
		}
	}
	return l
}
