package shop

import (
	"math/rand/v2"
	"time"
)

// Market is a country that the shop sells to, with its manners.
type Market struct {
	Name     string
	Country  string
	Currency string
	Digits   int     // of the currency's minor unit
	Price    float64 // how much of the currency is one unit of the catalogue's prices
	Language string
	Zone     string
	Calling  string // its code before phone numbers
	Share    float64
	Returns  float64 // the part of orders that is sent back
	AppFirst float64 // the part of visitors who come by the app first
	Evenings bool    // its people shop at night more than at noon
	Names    []string
	Cities   []string
	Pays     []Pay
	Feasts   []Feast
}

// Pay is a way of paying and how many take it.
type Pay struct {
	How    string
	Share  float64
	source string
}

// Feast is a day, or some, on which people shop more, or less.
type Feast struct {
	Name     string
	Visits   float64                  // times those of another day
	Buying   float64                  // times the carts that are bought
	Midnight bool                     // it begins with a rush
	Large    bool                     // people wait for it
	first    func(year int) time.Time // zero if the year has none that is known
	days     int
	source   string
}

// Markets returns the five markets of the shop. Figures says where the numbers
// come from.
func Markets() []Market {
	return []Market{
		{
			Name: "singapore", Country: "SG", Currency: "SGD", Digits: 2, Price: 1.5, Language: "en", Zone: "Asia/Singapore", Calling: "+65",
			Share: 0.28, Returns: 0.12, AppFirst: 0.35, Evenings: true,
			Names:  []string{"Wei Ling", "Arjun", "Nur", "Jun Hao", "Priya", "Siti"},
			Cities: []string{"Singapore"},
			Pays:   []Pay{{"card", 0.6, Assumed}, {"wallet", 0.3, Assumed}, {"bank transfer", 0.1, Assumed}},
			Feasts: append(doubleDays(), blackFriday(1.3, 1.2, Assumed), feast("St Patrick's", time.March, 17, 1, 1.05, 1.05),
				Feast{Name: "Lunar New Year", Visits: 0.6, Buying: 0.9, first: lunarNewYear(0), days: 2, source: Assumed}),
		}, {
			Name: "thailand", Country: "TH", Currency: "THB", Digits: 2, Price: 38, Language: "th", Zone: "Asia/Bangkok", Calling: "+66",
			Share: 0.26, Returns: 0.08, AppFirst: 0.45, Evenings: true,
			Names:  []string{"Somchai", "Malee", "Niran", "Ploy", "Kanya", "Anong"},
			Cities: []string{"Bangkok", "Chiang Mai", "Khon Kaen"},
			Pays:   []Pay{{"wallet", 0.35, Assumed}, {"bank transfer", 0.35, Assumed}, {"cash on delivery", 0.2, Assumed}, {"card", 0.1, Assumed}},
			Feasts: append(doubleDays(), feast("Songkran", time.April, 13, 3, 0.6, 1)),
		}, {
			Name: "germany", Country: "DE", Currency: "EUR", Digits: 2, Price: 1, Language: "de", Zone: "Europe/Berlin", Calling: "+49",
			Share: 0.18, Returns: 0.44, AppFirst: 0.15,
			Names:  []string{"Anna", "Jonas", "Lea", "Felix", "Mia", "Emre"},
			Cities: []string{"Berlin", "Köln", "Leipzig"},
			Pays:   []Pay{{"invoice", 0.3, Assumed}, {"wallet", 0.35, Assumed}, {"direct debit", 0.15, Assumed}, {"card", 0.2, Assumed}},
			Feasts: []Feast{
				blackFriday(1.59, 1.5, storeisBlack), feast("Christmas", time.December, 24, 3, 0.5, 0.8),
				{Name: "Advent", Visits: 1.28, Buying: 1, first: on(time.December, 1), days: 23, source: operaXmas},
				feast("St Patrick's", time.March, 17, 1, 1.02, 1),
			},
		}, {
			Name: "korea", Country: "KR", Currency: "KRW", Digits: 0, Price: 1600, Language: "ko", Zone: "Asia/Seoul", Calling: "+82",
			Share: 0.16, Returns: 0.10, AppFirst: 0.35, Evenings: true,
			Names:  []string{"Min-jun", "Seo-yeon", "Ji-ho", "Ha-eun", "Do-yun", "Yuna"},
			Cities: []string{"Seoul", "Busan", "Daegu"},
			Pays:   []Pay{{"card", 0.7, Assumed}, {"wallet", 0.3, Assumed}},
			Feasts: []Feast{
				{Name: "11.11", Visits: 1.8, Buying: 1.2, Large: true, first: on(time.November, 11), days: 1, source: Assumed},
				blackFriday(1.4, 1.2, Assumed), feast("Christmas", time.December, 24, 2, 1.2, 1.1),
				{Name: "Seollal", Visits: 0.6, Buying: 0.9, first: seollal(-1), days: 3, source: Assumed},
				{Name: "Chuseok", Visits: 0.6, Buying: 0.9, first: chuseok(-1), days: 3, source: Assumed},
			},
		}, {
			Name: "india", Country: "IN", Currency: "INR", Digits: 2, Price: 96, Language: "en", Zone: "Asia/Kolkata", Calling: "+91",
			Share: 0.12, Returns: 0.15, AppFirst: 0.5, Evenings: true,
			Names:  []string{"Aarav", "Diya", "Kabir", "Meera", "Rohan", "Isha"},
			Cities: []string{"Mumbai", "Bengaluru", "Pune"},
			Pays:   []Pay{{"cash on delivery", 0.45, indiaCash}, {"card", 0.3, indiaCash}, {"bank transfer", 0.1, indiaCash}, {"wallet", 0.15, indiaCash}},
			Feasts: []Feast{
				feast("Republic Day", time.January, 26, 2, 1.5, 1.2), blackFriday(1.3, 1.2, Assumed),
				{Name: "before Diwali", Visits: 1.2, Buying: 1.08, first: diwali(-14), days: 14, source: criteoDiwali},
				{Name: "Diwali", Visits: 0.7, Buying: 1, first: diwali(0), days: 1, source: Assumed},
				{Name: "11.11", Visits: 1.3, Buying: 1.1, first: on(time.November, 11), days: 1, source: Assumed},
			},
		},
	}
}

func doubleDays() []Feast {
	return []Feast{
		{Name: "9.9", Visits: 2, Buying: 1.2, Midnight: true, first: on(time.September, 9), days: 1, source: Assumed},
		{Name: "10.10", Visits: 2, Buying: 1.2, Midnight: true, first: on(time.October, 10), days: 1, source: Assumed},
		{Name: "11.11", Visits: 3, Buying: 1.33, Midnight: true, Large: true, first: on(time.November, 11), days: 1, source: tikiEleven},
		{Name: "12.12", Visits: 2.5, Buying: 1.3, Midnight: true, Large: true, first: on(time.December, 12), days: 1, source: Assumed},
		{Name: "Christmas", Visits: 1.2, Buying: 1.1, first: on(time.December, 20), days: 5, source: Assumed},
	}
}

func feast(name string, month time.Month, day, days int, visits, buying float64) Feast {
	return Feast{Name: name, Visits: visits, Buying: buying, first: on(month, day), days: days, source: Assumed}
}

func on(month time.Month, day int) func(int) time.Time {
	return func(year int) time.Time { return time.Date(year, month, day, 0, 0, 0, 0, time.UTC) }
}

// The feasts that follow the moon have dates of their own each year. Other years than
// those that are listed go without.
func diwali(shift int) func(int) time.Time {
	return dates(shift, "2024-10-31", "2025-10-20", "2026-11-08", "2027-10-29", "2028-10-17", "2029-11-05", "2030-10-26")
}

func lunarNewYear(shift int) func(int) time.Time {
	return dates(shift, "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03")
}

// seollal is the same new moon by Korea's clock, where it may be the next day already.
func seollal(shift int) func(int) time.Time {
	return dates(shift, "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-07", "2028-01-27", "2029-02-13", "2030-02-03")
}

func chuseok(shift int) func(int) time.Time {
	return dates(shift, "2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12")
}

// dates are days, one a year, each so many days later.
func dates(shift int, days ...string) func(int) time.Time {
	return func(year int) time.Time {
		for _, text := range days {
			if day, err := time.Parse(time.DateOnly, text); err == nil && day.Year() == year {
				return day.AddDate(0, 0, shift)
			}
		}
		return time.Time{}
	}
}

// blackFriday is the day after the fourth Thursday of November, and the weekend.
func blackFriday(visits, buying float64, source string) Feast {
	return Feast{Name: "Black Friday", Visits: visits, Buying: buying, Large: true, days: 4, source: source, first: func(year int) time.Time {
		first := time.Date(year, time.November, 1, 0, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, (int(time.Thursday-first.Weekday())+7)%7+22)
	}}
}

// firstHour is how much of a double-digit day happens in its first hour.
const firstHour = 0.35

// place is a market while the shop lives: its clock and calendar.
type place struct {
	Market
	zone   *time.Location
	usual  [25]float64 // how much of a day is over at each full hour
	rushed [25]float64 // and of a day that begins with a rush
	feasts map[int]map[time.Time][]*Feast
}

func newPlace(m Market) (*place, error) {
	zone, err := time.LoadLocation(m.Zone)
	p := &place{Market: m, zone: zone, feasts: map[int]map[time.Time][]*Feast{}}
	hours := noonHours()
	if m.Evenings {
		hours = eveningHours()
	}
	p.usual = sums(hours, 0)
	p.rushed = sums(hours, firstHour)
	return p, err
}

// noonHours is how lively each hour of a day is where noon is the peak: the index
// that Oberlo cites, what it does not tell in between drawn through.
func noonHours() [24]float64 {
	return [24]float64{104, 78, 55, 38, 27, 22, 28, 40, 55, 75, 103, 125, 142, 151, 149, 145, 142, 138, 135, 133, 132, 134, 133, 123}
}

// eveningHours is the same where the evening is the peak. An assumption.
func eveningHours() [24]float64 {
	return [24]float64{90, 50, 28, 18, 14, 16, 30, 50, 70, 85, 100, 110, 130, 125, 110, 105, 105, 110, 120, 135, 155, 175, 170, 135}
}

// sums returns how much of a day is over at each hour; the first hour takes at
// least a part of it.
func sums(hours [24]float64, first float64) (over [25]float64) {
	all, rest := 0.0, 0.0
	for h, x := range hours {
		all += x
		if h > 0 {
			rest += x
		}
	}
	for h, x := range hours {
		switch {
		case first == 0:
			over[h+1] = over[h] + x/all
		case h == 0:
			over[1] = first
		default:
			over[h+1] = over[h] + (1-first)*x/rest
		}
	}
	over[24] = 1
	return over
}

// feastsOf returns the feasts of a date, given as its midnight in UTC.
func (p *place) feastsOf(date time.Time) []*Feast {
	days, known := p.feasts[date.Year()]
	if !known {
		days = map[time.Time][]*Feast{}
		for i := range p.Feasts {
			f := &p.Feasts[i]
			first := f.first(date.Year())
			if first.IsZero() {
				continue
			}
			for d := range f.days {
				day := first.AddDate(0, 0, d)
				days[day] = append(days[day], f)
			}
		}
		p.feasts[date.Year()] = days
	}
	return days[date]
}

// visitsOn returns how many times as many come on a date, and how they spread over it.
func (p *place) visitsOn(date time.Time) (times float64, over *[25]float64) {
	times, over = 1, &p.usual
	for _, f := range p.feastsOf(date) {
		times *= f.Visits
		if f.Midnight {
			over = &p.rushed
		}
	}
	return times, over
}

// buyingAt returns how many times as many carts are bought at an instant.
func (p *place) buyingAt(t time.Time) float64 {
	date := dateOf(t.In(p.zone))
	times := 1.0
	for _, f := range p.feastsOf(date) {
		times *= f.Buying
	}
	if times > 1 {
		return times
	}
	for d := 1; d <= 5; d++ {
		for _, f := range p.feastsOf(date.AddDate(0, 0, d)) {
			if f.Large {
				return times * waitForFeast
			}
		}
	}
	return times
}

// dateOf returns the midnight in UTC that stands for a local time's date.
func dateOf(local time.Time) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// after returns when so much of usual days has passed since an instant as her people
// live them: hardly anything at night, three days within one 11.11.
func (p *place) after(t time.Time, days float64) time.Time {
	local := t.In(p.zone)
	date := dateOf(local)
	times, over := p.visitsOn(date)
	hour := local.Hour()
	within := float64(local.Minute()*60+local.Second())/3600 + float64(local.Nanosecond())/3.6e12
	part := over[hour] + within*(over[hour+1]-over[hour])
	for (1-part)*times <= days {
		days -= (1 - part) * times
		date, part = date.AddDate(0, 0, 1), 0
		times, over = p.visitsOn(date)
	}
	at := p.instant(date, part+days/times, over)
	if !at.After(t) {
		return t.Add(time.Second)
	}
	return at
}

// instant returns when a part of a date is over.
func (p *place) instant(date time.Time, part float64, over *[25]float64) time.Time {
	hour := 0
	for hour < 23 && over[hour+1] <= part {
		hour++
	}
	within := (part - over[hour]) / (over[hour+1] - over[hour])
	y, m, d := date.Date()
	return time.Date(y, m, d, hour, 0, 0, int(within*3.6e12), p.zone).Truncate(time.Millisecond)
}

// pay returns how she pays.
func (p *place) pay(r *rand.Rand) string {
	at := r.Float64()
	for _, x := range p.Pays {
		if at -= x.Share; at < 0 {
			return x.How
		}
	}
	return p.Pays[0].How
}

// reason is why something comes back.
type reason struct {
	text   string
	share  float64
	source string
}

// reasons returns why things come back: 38 of 100 for size or fit.
func reasons() []reason {
	return []reason{
		{"size too small", 0.17, fitReturns}, {"size too large", 0.13, fitReturns}, {"does not fit", 0.08, fitReturns},
		{"changed my mind", 0.26, Assumed}, {"colour differs from the picture", 0.16, Assumed}, {"damaged", 0.12, Assumed}, {"came too late", 0.08, Assumed},
	}
}

// Product is a thing that the shop sells.
type Product struct {
	ID       string
	Name     string
	Category string
	Price    float64 // in the catalogue's unit
}

// Categories of the catalogue; visitors have a liking for some of them.
var categories = [...]string{"dresses", "shirts", "shoes", "bags", "knitwear", "denim"}

var materials = [...]string{"linen", "cotton", "silk", "wool", "canvas", "velvet", "ribbed", "washed", "pleated", "quilted"}

var nouns = [...]string{"dress", "shirt", "sneakers", "tote", "cardigan", "jeans"}

// Catalogue returns everything that the shop sells: ten things of each category.
func Catalogue() []Product {
	var all []Product
	for c, category := range categories {
		for m, material := range materials {
			all = append(all, Product{
				ID: category[:3] + "-" + material, Name: material + " " + nouns[c], Category: category,
				Price: float64(19 + 9*c + 7*m),
			})
		}
	}
	return all
}
