package rapport_test

import (
	"strings"
	"testing"

	"golang.org/x/text/currency"

	"rapport"
)

func TestDigitsAreThoseOfISO4217(t *testing.T) {
	t.Parallel()
	// CLDR leaves out minor units that nobody pays with any more; ISO 4217 has them.
	disused := "AFN ALL AMD COP CRC IDR IRR KPW LAK LBP MGA MMK MNT MRO PKR RSD SLL SOS STD SYP TZS UZS YER ZMK CZK HUF GYD MUR NOK SEK TWD CLF UYW UYI"
	for _, code := range strings.Fields("USD EUR GBP JPY CNY KRW THB VND MYR SGD HKD PHP INR AUD CAD NZD CHF DKK PLN TRY RUB UAH ILS BRL MXN ZAR AED SAR KWD BHD JOD OMR TND LYD KZT NGN ISK CLP PYG UGX RWF XAF XOF XPF VUV BIF DJF GNF KMF") {
		if strings.Contains(disused, code) {
			continue
		}
		want, _ := currency.Standard.Rounding(currency.MustParseISO(code))
		if got := rapport.MinorDigits(code); got != want {
			t.Errorf("%s has %d digits, want %d", code, got, want)
		}
	}
}
