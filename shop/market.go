package shop

// Market is a country that the shop sells to.
type Market struct {
	Name     string
	Country  string
	Currency string
	Digits   int     // of the currency's minor unit
	Price    float64 // how much of the currency is one unit of the catalogue's prices
	Language string
	Zone     string
	Share    float64 // of all visitors (assumption)
	Names    []string
}

// Markets returns the five markets of the shop. Prices are rounded exchange rates
// of one euro; shares are assumptions.
func Markets() []Market {
	return []Market{
		{"singapore", "SG", "SGD", 2, 1.5, "en", "Asia/Singapore", 0.28, []string{"Wei Ling", "Arjun", "Nur", "Jun Hao", "Priya", "Siti"}},
		{"thailand", "TH", "THB", 2, 38, "th", "Asia/Bangkok", 0.26, []string{"Somchai", "Malee", "Niran", "Ploy", "Kanya", "Anong"}},
		{"germany", "DE", "EUR", 2, 1, "de", "Europe/Berlin", 0.18, []string{"Anna", "Jonas", "Lea", "Felix", "Mia", "Emre"}},
		{"korea", "KR", "KRW", 0, 1600, "ko", "Asia/Seoul", 0.16, []string{"Min-jun", "Seo-yeon", "Ji-ho", "Ha-eun", "Do-yun", "Yuna"}},
		{"india", "IN", "INR", 2, 96, "en", "Asia/Kolkata", 0.12, []string{"Aarav", "Diya", "Kabir", "Meera", "Rohan", "Isha"}},
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
				ID: category[:2] + "-" + material, Name: material + " " + nouns[c], Category: category,
				Price: float64(19 + 9*c + 7*m),
			})
		}
	}
	return all
}
