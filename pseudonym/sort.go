package pseudonym

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// sort is what a name says of the values under it.
type sort uint8

const (
	plain  sort = iota
	person      // says who somebody is
	id          // names somebody, or something of hers
	thing       // names something, which may be hers or many's
	birth       // the day somebody was born
	mail
	phone
	place // where on earth
)

// sorts are the names, without regard to case and to what divides words. They are those
// of Segment's reserved traits, and what shops use beside them.
var sorts = map[string]sort{
	"email": mail, "emailaddress": mail, "mail": mail,
	"phone": phone, "phonenumber": phone, "mobile": phone, "mobilenumber": phone, "tel": phone, "telephone": phone, "whatsapp": phone,
	"firstname": person, "lastname": person, "fullname": person, "surname": person, "givenname": person, "familyname": person, "middlename": person,
	"username": person, "nickname": person, "avatar": person, "address": person, "billingaddress": person, "shippingaddress": person,
	"street": person, "address1": person, "address2": person, "zip": person, "zipcode": person, "postcode": person, "postalcode": person,
	"recipient": person, "recipientname": person, "contact": person, "contactname": person, "customername": person, "cardholder": person,
	"iban": person, "vat": person, "ssn": person, "nric": person, "passport": person, "ip": person, "ipaddress": person, "useragent": person,
	"password": person, "pin": person, "handle": person, "instagram": person, "facebook": person, "twitter": person,
	"userid": id, "customerid": id, "anonymousid": id, "deviceid": id, "sessionid": id, "token": id, "accountid": id, "clientid": id,
	"lineid": id, "idfa": id, "gaid": id, "advertisingid": id, "devicetoken": id, "pushtoken": id, "fingerprint": id,
	"orderid": thing, "cartid": thing, "productid": thing, "transactionid": thing, "sku": thing,
	"birthday": birth, "birthdate": birth, "dateofbirth": birth, "dob": birth, "born": birth, "birth": birth,
	"latitude": place, "longitude": place, "lat": place, "lng": place, "lon": place, "coordinates": place, "geo": place, "gps": place, "latlng": place,
}

// things are the words that end a name of what is numbered: order_id, cardNumber.
var things = []string{"id", "ids", "uuid", "number", "no", "nr", "code", "key", "ref", "reference", "serial", "card"}

func sortOf(name string) sort {
	s := sorts[sortName(name)]
	if s == plain && slices.Contains(things, lastWord(name)) {
		return thing
	}
	return s
}

// lastWord returns the last word of a name in small letters: id of orderId, orderID and
// order_id.
func lastWord(name string) string {
	letters := []rune(name)
	begin := len(letters)
	for begin > 0 && unicode.IsLetter(letters[begin-1]) {
		begin--
		capital := unicode.IsUpper(letters[begin])
		if capital && (begin == 0 || !unicode.IsUpper(letters[begin-1])) {
			break
		}
	}
	return strings.ToLower(string(letters[begin:]))
}

// manyDigits is how many make of a name one that was made for somebody.
const manyDigits = 4

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.-]{0,63}$`)

// isName reports whether a text looks like a name that programmers give.
func isName(text string) bool { return identifier.MatchString(text) && len(digits(text)) < manyDigits }

var locale = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$`)

func isLocale(text string) bool { return locale.MatchString(text) }

var code = regexp.MustCompile(`^([A-Z0-9]{1,3}|[a-z])$`)

// isCode reports whether a text is as short as a code: SGD, XL, 38. What is longer, or in
// small letters or other scripts, may be a name.
func isCode(text string) bool { return code.MatchString(text) }

// hostOf returns the server of a link to a page, "" if a text is none.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.ToLower(u.Host)
}

// sortName returns a name as the tables of sorts know it.
func sortName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// looksLikePhone reports whether a text is an international number.
func looksLikePhone(s string) bool {
	if !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "00") {
		return false
	}
	n := 0
	for _, r := range s[1:] {
		switch {
		case r >= '0' && r <= '9':
			n++
		case !strings.ContainsRune(" -()/.", r):
			return false
		}
	}
	return n >= 7 && n <= 17
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// plainDate reads a day without a time, such as a birthday.
func plainDate(s string) (time.Time, bool) {
	if i := strings.IndexByte(s, 'T'); i == len(time.DateOnly) && strings.HasPrefix(s[i:], "T00:00:00") {
		s = s[:i]
	}
	day, err := time.Parse(time.DateOnly, s)
	return day, err == nil
}

// date moves a day by up to three days, and its year by up to one: who is written to on
// her birthday is still, on another.
func (p *Pseudonyms) date(day time.Time) string {
	h := p.hash("date", day.Format(time.DateOnly))
	return day.AddDate(int(h%3)-1, 0, int(h>>8%7)-3).Format(time.DateOnly)
}
