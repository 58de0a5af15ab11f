package workspace

import "rapport"

// Purpose is something that customers agree to, or not. The stock purposes are
// there without a document; one of the same name says more about them.
type Purpose struct {
	Description string `json:"description" doc:"What their data is used for"`
	Title       string `json:"title" doc:"How it is called where customers choose"`
	Text        string `json:"text" doc:"The wording that customers agree to"`
	TextVersion string `json:"text_version" doc:"The version of that wording, kept with each consent"`
}

// stockPurposes are there in every workspace.
func stockPurposes() []string {
	return []string{rapport.PurposeMarketing, rapport.PurposePersonalisation, rapport.PurposeLocation, rapport.PurposeInStore}
}

func (c *compiler) purposes() map[string]Purpose {
	purposes := decode[Purpose](c, "purpose")
	for _, name := range stockPurposes() {
		if _, said := purposes[name]; !said {
			purposes[name] = Purpose{}
		}
	}
	return purposes
}
