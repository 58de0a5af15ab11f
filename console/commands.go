package console

import "cmp"

// Command is a line for a terminal, and what it is good for.
type Command struct{ Title, Line string }

// Commands returns what to try next.
func (c *Console) Commands() []Command {
	return NextCommands(c.URL, c.ShownKey, c.ShownWriteKey)
}

// NextCommands returns what to try next with a server at an address. A key that
// is not told is read from the environment.
func NextCommands(url, key, writeKey string) []Command {
	key, writeKey = cmp.Or(key, "$RAPPORT_API_KEY"), cmp.Or(writeKey, "$RAPPORT_WRITE_KEY")
	shell := "RAPPORT_URL=" + url + ` RAPPORT_API_KEY="` + key + `" rapport `
	return []Command{
		{
			"Be a customer yourself: who you are, that you agree to mail, and what you put into your cart.",
			`curl -u "` + writeKey + `:" -H 'Content-Type: application/json' ` + url + `/v1/batch -d '{"batch": [` +
				`{"type": "identify", "userId": "me", "traits": {"first_name": "Me", "email": "me@example.com"}, "context": {"consent": {"categoryPreferences": {"marketing": true}}}}, ` +
				`{"type": "track", "userId": "me", "event": "Product Added", "properties": {"cart_id": "mine", "product_id": "sh-linen", "name": "linen shirt", "price": 49, "currency": "EUR", "quantity": 1}}]}'`,
		},
		{"See what is known of you.", `curl -H "Authorization: Bearer ` + key + `" ` + url + `/v1/customers/me`},
		{"Let an hour pass, and look for the reminder among the messages.", shell + "clock advance 1h"},
		{
			"Ask how many customers a rule holds for, before anything is made of it.",
			`curl -H "Authorization: Bearer ` + key + `" ` + url + `/v1/segments/preview -d '{"where": "events(\"Order Completed\").within(\"30d\").count() >= 2"}'`,
		},
		{"Write everything that is in force to files, change one, and put it in force.", shell + "export -f workspace"},
	}
}
