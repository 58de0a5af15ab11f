package pseudonym

import (
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
	"iban": person, "vat": person, "ssn": person, "passport": person, "ip": person, "ipaddress": person, "useragent": person,
	"userid": id, "customerid": id, "anonymousid": id, "deviceid": id, "sessionid": id, "token": id, "accountid": id,
	"latitude": place, "longitude": place, "lat": place, "lng": place, "lon": place,
}

func sortOf(name string) sort { return sorts[sortName(name)] }

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
