package journey

// Update changes what is kept of the customer, or tells an event of the journey's own.
type Update struct {
	Traits     map[string]any `json:"traits" null:"true" doc:"The traits to set, by name. A text is an expression, such as customer.visits + 1, today() or entry.category; a text to be set is written in quotes of its own: '\"gold\"'. null takes the trait away"`
	Event      string         `json:"event" doc:"The name of an event to tell, such as Loyalty Reached"`
	Properties map[string]any `json:"properties" null:"true" doc:"With event: its properties, written as traits are"`
}

// Webhook calls an address outside.
type Webhook struct {
	URL       string            `json:"url" required:"true" doc:"The address that is called, such as https://crm.example/score; http only within your own network"`
	Method    string            `json:"method" enum:"POST,PUT,PATCH,GET,DELETE" doc:"POST unless said"`
	Headers   map[string]Header `json:"headers" doc:"Headers of the call, by name: a text, or { secret: NAME }"`
	Body      map[string]any    `json:"body" null:"true" doc:"What is sent, as JSON. A text is an expression, such as customer.email; a text to be sent is written in quotes of its own"`
	Sign      *Secret           `json:"sign" doc:"Sign the call as Standard Webhooks do, with a secret that begins with whsec_"`
	Timeout   string            `json:"timeout" doc:"How long one call may take; 10s unless said, 60s at most"`
	GiveUp    string            `json:"give_up" doc:"How long it is tried again where nobody answers, and waited for the answer; 1h unless said"`
	Save      *Save             `json:"save" doc:"Keep the answer under a name, for rules and templates of later steps: answers.crm.tier"`
	Wait      *bool             `json:"wait" doc:"false goes on at once, whatever comes of the call; true unless said"`
	Then      []Step            `json:"then" doc:"What happens when it was answered"`
	Otherwise []Step            `json:"otherwise" doc:"What happens when it was refused, or not answered in time"`
}

// Header is a header's value, written out or kept as a secret.
type Header struct {
	Text   string `json:"text" doc:"The value, written out"`
	Secret string `json:"secret" doc:"The name of a secret that holds the value; set it with: rapport secret set NAME"`
}

// UnmarshalText reads a header that is written out.
func (h *Header) UnmarshalText(text []byte) error {
	h.Text = string(text)
	return nil
}

// Secret names a secret that is kept outside documents.
type Secret struct {
	Secret string `json:"secret" required:"true" doc:"The secret's name; set its value with: rapport secret set NAME"`
}

// Save says what is kept of an answer.
type Save struct {
	Name   string   `json:"name" required:"true" doc:"The name by which later steps know the answer"`
	Fields []string `json:"fields" doc:"The fields of the answer that are kept; all of it unless said, if it is no larger than 4 KB"`
}

// UnmarshalText reads a name alone.
func (s *Save) UnmarshalText(text []byte) error {
	s.Name = string(text)
	return nil
}

// Offer holds the place of an offer.
type Offer struct {
	Name        string `json:"name" doc:"The offer to give. There are none yet: write a placeholder"`
	Placeholder string `json:"placeholder" doc:"The code that later steps know as offer.code, the same for everybody"`
	Text        string `json:"text" doc:"What the offer says: offer.text"`
	ValidFor    string `json:"valid_for" doc:"How long after this step it is valid; until then is offer.expires"`
}
