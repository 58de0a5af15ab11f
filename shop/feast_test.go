package shop

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"time"
)

// TestFeastsOfTheMoon compares the dates of feasts that follow the moon with a public
// list of holidays.
func TestFeastsOfTheMoon(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../shared/data/facts/holidays.csv.gz")
	if err != nil {
		t.Skip("the public data is not here: ../shared/data beside the project")
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, feast := range []struct {
		country, name string
		first         func(int) time.Time
	}{{"IN", "Diwali", diwali(0)}, {"SG", "Chinese New Year", lunarNewYear(0)}, {"KR", "Korean New Year", seollal(0)}, {"KR", "Chuseok", chuseok(0)}} {
		listed := map[string]bool{} // each year's first
		years := map[string]bool{}
		for _, row := range rows {
			year := row[1][:4]
			if row[0] == feast.country && strings.HasPrefix(row[2], feast.name) && !years[year] {
				listed[row[1]], years[year] = true, true
			}
		}
		for year := 2024; year <= 2030; year++ {
			if day := feast.first(year).Format(time.DateOnly); !listed[day] {
				t.Errorf("%s of %d is not on %s: %v", feast.name, year, day, listed)
			}
		}
		if len(listed) != 7 || !feast.first(2031).IsZero() {
			t.Errorf("%s: %d years are listed; 2031: %v", feast.name, len(listed), feast.first(2031))
		}
	}
}
