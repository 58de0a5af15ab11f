package render

import (
	"math"
	"strconv"
	"strings"

	"rapport"
	"rapport/render/liquid"
)

// filters are those that templates have besides the standard ones.
func filters() map[string]liquid.Filter {
	return map[string]liquid.Filter{
		"money": {MaxArgs: 1, Keys: []string{"digits"}, Apply: moneyFilter},
	}
}

// maxAmount bounds what is written exactly; it is far over any price.
const maxAmount = 9e12

// moneyFilter writes an amount in a currency, that of the market if none is
// named, as the language of the message does.
func moneyFilter(c liquid.Call) (rapport.Value, error) {
	if !c.Input.IsSet() {
		return c.Input, nil // where a value may be missing, so may its amount
	}
	f, ok := amount(c.Input)
	if !ok || math.Abs(f) >= maxAmount {
		return rapport.Value{}, rapport.Errorf(rapport.Invalid, "money was given something that is no amount")
	}
	s, _ := c.Data.(*scope)
	if s == nil {
		return rapport.Value{}, rapport.Errorf(rapport.Internal, "money was used outside of a message")
	}
	currency := s.request.Market.Currency
	if len(c.Args) > 0 {
		currency = c.Args[0].Text()
	}
	if !rapport.IsCurrency(currency) {
		return rapport.Value{}, rapport.Errorf(rapport.Invalid, "money needs a currency of three letters, such as money: market.currency")
	}
	digits := rapport.MinorDigits(currency)
	if d := c.Named("digits"); d.Kind() == rapport.Number {
		digits = int(min(max(d.Number(), 0), 6))
	}
	return rapport.TextOf(string(appendMoney(nil, f, strings.ToUpper(currency), digits, s.language))), nil
}

const (
	nbsp   = "\u00a0"
	narrow = "\u202f"
)

// notation is how a language writes numbers and amounts.
type notation struct {
	decimal, group string
	indian         bool // 12,34,567: pairs above the thousands
	late           bool // 1234 is not grouped, 12 345 is
	after          bool // the currency stands behind the amount
}

var (
	pointed = notation{decimal: ".", group: ","}
	comma   = notation{decimal: ",", group: "."}
	behind  = notation{decimal: ",", group: ".", after: true}
	spaced  = notation{decimal: ",", group: nbsp, after: true}
)

// notations are those that are not written as in English, as in CLDR.
var notations = map[string]notation{
	"id": comma, "de-at": comma, "pt": comma, "tr": comma, "nl": comma, "lo": comma,
	"vi": behind, "de": behind, "da": behind, "ro": behind, "el": behind, "sr": behind, "is": behind, "ca": behind, "hr": behind,
	"fr-ca": spaced, "cs": spaced, "sk": spaced, "ru": spaced, "uk": spaced,
	"sv": spaced, "nb": spaced, "no": spaced, "fi": spaced, "lt": spaced,
	"pt-pt": {decimal: ",", group: nbsp, after: true, late: true},
	"pl":    {decimal: ",", group: nbsp, after: true, late: true},
	"hu":    {decimal: ",", group: nbsp, after: true, late: true},
	"bg":    {decimal: ",", group: nbsp, after: true, late: true},
	"lv":    {decimal: ",", group: nbsp, after: true, late: true},
	"et":    {decimal: ",", group: nbsp, after: true, late: true},
	"es":    {decimal: ",", group: ".", after: true, late: true},
	"it":    {decimal: ",", group: ".", after: true, late: true},
	"sl":    {decimal: ",", group: ".", after: true, late: true},
	"es-mx": pointed,
	"fr":    {decimal: ",", group: narrow, after: true},
	"de-ch": {decimal: ".", group: "’"},
	"en-za": {decimal: ",", group: nbsp},
	"en-in": {decimal: ".", group: ",", indian: true},
	"hi":    {decimal: ".", group: ",", indian: true},
	"ta":    {decimal: ".", group: ",", indian: true},
	"bn":    {decimal: ".", group: ",", indian: true, after: true},
	"km":    {decimal: ".", group: ",", after: true},
	"my":    {decimal: ".", group: ",", after: true},
	"he":    {decimal: ".", group: ",", after: true},
	"ar":    {decimal: ".", group: ",", after: true},
}

func notationOf(language string) notation {
	for tag := language; tag != ""; tag = wider(tag) {
		if n, ok := notations[tag]; ok {
			return n
		}
	}
	return pointed
}

// symbols are the signs that name one currency only, wherever they are read.
var symbols = map[string]string{
	"EUR": "€", "GBP": "£", "THB": "฿", "VND": "₫", "KRW": "₩", "INR": "₹", "PHP": "₱", "ILS": "₪", "MYR": "RM", "IDR": "Rp",
	"SGD": "S$", "HKD": "HK$", "TWD": "NT$", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$", "MXN": "MX$", "BRL": "R$",
	"USD": "US$", "JPY": "¥", "CNY": "CN¥",
}

// symbolOf returns the sign of a currency: $ means US dollars in English, and ¥
// is yuan in Chinese, yen elsewhere.
func symbolOf(currency, language string) string {
	root, _, _ := strings.Cut(language, "-")
	switch {
	case currency == "USD" && root == "en":
		return "$"
	case currency == "CNY" && root == "zh":
		return "¥"
	case currency == "JPY" && root == "zh":
		return "JP¥"
	}
	if sign := symbols[currency]; sign != "" {
		return sign
	}
	return currency
}

// appendMoney appends an amount, rounded half away from zero.
func appendMoney(b []byte, f float64, currency string, digits int, language string) []byte {
	n, sign := notationOf(language), symbolOf(currency, language)
	units := uint64(math.Round(math.Abs(f) * 1e6)) // millionths
	unit := uint64(math.Pow10(6 - digits))
	units = (units + unit/2) / unit
	if f < 0 && units > 0 {
		b = append(b, '-')
	}
	if n.after {
		return append(append(n.append(b, units, digits), nbsp...), sign...)
	}
	b = append(b, sign...)
	if last := sign[len(sign)-1]; last >= 'A' && last <= 'z' {
		b = append(b, nbsp...)
	}
	return n.append(b, units, digits)
}

// append writes units, of which so many digits stand after the decimal sign.
func (n notation) append(b []byte, units uint64, digits int) []byte {
	scale := uint64(math.Pow10(digits))
	var room [20]byte
	whole := strconv.AppendUint(room[:0], units/scale, 10)
	for i, c := range whole {
		if left := len(whole) - i; i > 0 && n.groups(left) && (!n.late || len(whole) > 4) {
			b = append(b, n.group...)
		}
		b = append(b, c)
	}
	if digits == 0 {
		return b
	}
	b = append(b, n.decimal...)
	fraction := strconv.AppendUint(room[:0], units%scale, 10)
	for range digits - len(fraction) {
		b = append(b, '0')
	}
	return append(b, fraction...)
}

// groups reports whether a group ends where so many digits are left.
func (n notation) groups(left int) bool {
	if n.indian && left > 3 {
		return left%2 == 1
	}
	return left%3 == 0
}
