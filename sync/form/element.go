package form

// element is a question, a group or a repeat as compiled.
type element struct {
	label wording
	list  *choiceList
}

type wording struct{}

func (w wording) plain(string) string { return "" }

type choiceList struct{}

func (c *choiceList) choices(string) []Choice { return nil }

type plan struct{}
