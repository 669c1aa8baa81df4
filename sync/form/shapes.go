package form

import (
	"io"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Env is what a running form may know of the world around it.
type Env struct {
	Now     func() time.Time // required
	Zone    *time.Location   // UTC when nil
	Device  string           // answers "deviceid"
	Officer string           // answers "username"
	// Files gives a file the form names, such as a CSV for pulldata or
	// select_one_from_file; nil when there are none.
	Files func(name string) ([]byte, bool)
	// Lists gives a table that a form names as a file and does not bring along,
	// by the name without its ending; nil when there is none.
	Lists func(name string) *List
	// Rand feeds uuid() and random(); with nil they always give the same.
	Rand io.Reader
}

// State is how one question stands now.
type State struct {
	Relevant, Required, ReadOnly bool
	Answer                       civic.Answer
	Valid                        bool // no finding stands against the answer
}

// Section is one page: a top-level group, the questions between two groups, or
// all instances of a top-level repeat.
type Section struct {
	Path, Title string
	// Repeat tells that the section is a repeat and AddInstance(Path) adds one
	// more; each instance begins with an Item of kind Group.
	Repeat bool
	Items  []Item
}

// Item is one line of a page.
type Item struct {
	Path string
	// Kind is the question's, or Group for the heading of a nested group or of
	// one instance of a repeat, or Repeat for the place in a page where
	// AddInstance(Path) may add one more.
	Kind               Kind
	Label, Hint        string // without the marks of Markdown and HTML
	Required, ReadOnly bool
	Answer             civic.Answer
	Choices            []Choice
	Listed             *Listed // instead of Choices, of a list that the kit holds
	// Absent names the file that the choices come from when it is not here: what
	// is said is then kept as it is typed.
	Absent     string
	Appearance string
	Partial    bool
	Absences   []civic.Absence // what may be said instead of an answer
	Level      int             // depth of nesting within the section, 0 outermost
	Removable  bool            // an instance that RemoveInstance(Path) takes away
	Attribute  civic.Attribute
	Subject    string
	FreshDays  int               // see [Question.FreshDays]
	Media      map[string]string // "image", "audio", "video", "big-image" to file name
	Parameters map[string]string // of a range: start, end, step; of an image: max-pixels
}
