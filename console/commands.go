package console

import (
	"cmp"
	"slices"
)

// Command is a line for a terminal, and what it is good for.
type Command struct{ Title, Line string }

// Commands returns what to try next.
func (c *Console) Commands() []Command {
	key, writeKey := cmp.Or(c.ShownKey, "$RAPPORT_API_KEY"), cmp.Or(c.ShownWriteKey, "$RAPPORT_WRITE_KEY")
	call := "curl -H \"Authorization: Bearer " + key + "\" " + c.URL
	program := "RAPPORT_URL=" + c.URL + " RAPPORT_API_KEY=\"" + key + "\" " + cmp.Or(c.Program, "rapport") + " "
	me := `{"batch": [
  {"type": "identify", "userId": "me", "traits": {"first_name": "Me", "email": "me@example.com"},
   "context": {"consent": {"categoryPreferences": {"marketing": true}}}},
  {"type": "track", "userId": "me", "event": "Product Added", "properties":
   {"cart_id": "mine", "product_id": "shi-linen", "name": "linen shirt", "price": 49, "currency": "EUR", "quantity": 1}}]}`
	all := []Command{
		{
			"Be a customer yourself: who you are, that you agree to mail, and what you put into your cart.",
			"curl -u \"" + writeKey + ":\" -H 'Content-Type: application/json' " + c.URL + "/v1/batch -d '" + me + "'",
		},
		{"See what is known of you.", call + "/v1/customers/me"},
		{
			"Ask how many customers a rule holds for, before anything is made of it.",
			call + `/v1/segments/preview \` + "\n" + `  -d '{"where": "events(\"Order Completed\").within(\"30d\").count() >= 2"}'`,
		},
		{"Write everything that is in force to files; change one, and put it in force with apply.", program + "export -f workspace"},
	}
	if c.Sandbox {
		all = slices.Insert(all, 2, Command{"Let an hour pass, and look for the reminder among the messages.", program + "clock advance 1h"})
	}
	return all
}
